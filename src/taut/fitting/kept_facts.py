"""What lies beside the states of a fit, read without JAX."""

import re
from pathlib import Path
from typing import Any

import msgspec

from taut.errors import RunFolderError

ABOUT = "fit.json"
PATTERN = re.compile(r"state-\d+-\d+\.safetensors")


def state_name(epoch: int, step: int) -> str:
    """The name of a state after so many epochs, and steps of the next one; names sort as states do."""
    return f"state-{epoch:06d}-{step:09d}.safetensors"


def states_in(folder: Path) -> list[Path]:
    """The states, from the newest to the oldest."""
    return sorted((path for path in folder.glob("*") if PATTERN.fullmatch(path.name)), reverse=True)


def position(path: Path) -> tuple[int, int]:
    """After how many epochs, and steps of the next one, a state was written.

    >>> position(Path("state-000012-000000340.safetensors"))
    (12, 340)
    """
    epoch, step = path.stem.split("-")[1:]
    return int(epoch), int(step)


def facts_in(folder: Path) -> dict[str, dict[str, Any]]:
    """`about` and `noted` of the fit in a folder. Raises RunFolderError where they are missing or damaged."""
    try:
        facts = msgspec.json.decode((folder / ABOUT).read_bytes(), type=dict[str, dict[str, Any]])
        return {name: facts[name] for name in ("about", "noted")}
    except (OSError, ValueError, LookupError, RecursionError):
        raise RunFolderError(f"Resuming wants `{folder / ABOUT}`; it is missing or damaged; fit anew.") from None
