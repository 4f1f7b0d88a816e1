"""What a checkpoint belongs to: a fit goes on only with the data and options that it began with."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from taut.errors import OptionError, RunFolderError
from taut.estimators.config import VAEConfig
from taut.files import write_text


def note_or_compare(checkpoint: Path, config: VAEConfig, *, seed: int, data_digest: str, resume: bool) -> None:
    """Write what this fit is beside its checkpoint, or hold it against what was written.

    Raises OptionError where something differs, RunFolderError where there is nothing to compare with.
    """
    beside = checkpoint.with_suffix(".json")
    now = json.loads(json.dumps(config.compared() | {"random_state": seed, "data": data_digest}, default=plain))
    if not resume:
        # A state that another fit left here must not become this one's, should this one end before its first.
        checkpoint.unlink(missing_ok=True)
        write_text(beside, json.dumps(now, indent=1))
        return
    try:
        then = json.loads(beside.read_text("utf-8"))
    except (OSError, ValueError):
        raise RunFolderError(f"Resuming wants `{beside}`; it is missing or damaged; fit anew.") from None
    changed = [name for name in now if then.get(name) != now[name]]
    if changed:
        name = changed[0]
        was, came = ("other data", "these") if name == "data" else (then.get(name), now[name])
        raise OptionError(
            f"Resuming wants the fit it goes on with; `{name}` was {was} and is {came}; give the same again.",
            option="" if name == "data" else name,
        )


def plain(value: Any) -> Any:
    """Options that came as NumPy numbers, such as those of a grid, or as other sequences than lists."""
    return value.item() if isinstance(value, np.generic) else list(value)
