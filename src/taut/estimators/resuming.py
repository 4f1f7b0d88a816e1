"""What a checkpoint belongs to: a fit goes on only with the data and options that it began with."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from taut.errors import OptionError, RunFolderError
from taut.estimators.config import VAEConfig
from taut.files import write_text


def note_or_compare(checkpoint: Path, config: VAEConfig, *, seed: int, data_digest: str, resume: bool) -> None:
    """Write what this fit is beside its checkpoint, or hold it against what was written.

    Raises OptionError where something differs, RunFolderError where there is nothing to compare with.
    """
    beside = checkpoint.with_suffix(".json")
    content = msgspec.json.encode(config.compared() | {"random_state": seed, "data": data_digest}, enc_hook=plain)
    if not resume:
        # A state that another fit left here must not become this one's, should this one end before its first.
        checkpoint.unlink(missing_ok=True)
        write_text(beside, msgspec.json.format(content, indent=1).decode())
        return
    try:
        now, then = msgspec.json.decode(content), msgspec.json.decode(beside.read_bytes())
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
