"""`model.json` of a run folder as it stands, held against the files beside it; no JAX, no scikit-learn."""

from __future__ import annotations

import contextlib
import hashlib
import shlex
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from taut.errors import RunFolderError, TautError
from taut.estimators.config import VAEConfig
from taut.locks import LOCK
from taut.parts import said

FORMAT = 3
CHECKPOINTS = "checkpoints"
"""Where the states of a fit lie in its run folder."""
# What `Manifest` and its `Architecture`, which need JAX, take where a run is from before these were added.
LATER = {"estimator": "VAE", "learned": {}, "own_parts": []}
LATER_OF_ARCHITECTURE = {
    "conditions": {"covariates": [], "sizes": None},
    "missing": "random",
}


def check_free(path: str | Path, *, force: bool = False) -> None:
    """Raise RunFolderError where a run could not be written to `path`: it holds something already, or is a file."""
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise RunFolderError(f"A run wants a folder; `{path}` is a file; choose another name.")
    if path.is_dir() and any(each.name != LOCK for each in path.iterdir()) and not force:
        raise RunFolderError(
            f"A run wants a new folder; `{path}` holds files already; choose another or add `--force`."
        )


def is_cut_off(path: Path) -> bool:
    """Whether a fit was begun in this folder and has not written its model."""
    return (path / CHECKPOINTS).is_dir() and not (path / "model.json").is_file()


def describe(path: str | Path) -> dict[str, Any]:
    """What is in a run folder, as plain values. Raises RunFolderError where it is none or was altered."""
    facts = msgspec.json.decode(checked_content(Path(path)))
    try:
        parts = deepcopy(LATER_OF_ARCHITECTURE) | facts["architecture"]
    except (LookupError, TypeError) as error:
        raise unreadable(Path(path), error) from None
    return deepcopy(LATER) | facts | {"architecture": parts}


def checked_content(path: Path) -> bytes:
    """The text of `model.json`, after every file was found and its digest agrees."""
    if is_cut_off(path):
        raise RunFolderError(
            f"A whole run is wanted; `{path}` has no model.json, since its fit was cut off before; go on with "
            f"`{shlex.join(['taut', 'fit', '--resume', str(path)])}`."
        )
    if not (path / "model.json").is_file():
        raise RunFolderError(f"A run folder with a model.json is wanted; `{path}` has none; write one with `taut fit`.")
    try:
        content = (path / "model.json").read_bytes()
        facts = msgspec.json.decode(content)
        if facts["format"] != FORMAT:
            newer = facts["format"] > FORMAT
            raise RunFolderError(
                f"A run of format {FORMAT} is wanted; `{path}` has format {facts['format']}; "
                f"{'read it with a newer taut' if newer else 'fit again with this version'}."
            )
        digests, digest, own = facts["digests"].items(), facts["digest"], own_digest(content)
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise unreadable(path, error) from None
    if any(Path(name).name != name for name in facts["digests"]):
        raise RunFolderError(f"Files beside `{path / 'model.json'}` are wanted; it names others; fit again.")
    altered = [name for name, known in digests if file_digest(path / name) != known]
    if digest != own:
        altered.insert(0, "model.json")
    if altered:
        raise RunFolderError(
            f"The files of a run are wanted as they were written; `{path / altered[0]}` is missing or was altered; "
            "restore it or fit again."
        )
    return content


def check_width(path: Path, width: int) -> None:
    """Raise ValueError where rows are said to be wider than the weights of the model have bytes."""
    if width > (path / "weights.safetensors").stat().st_size:
        raise ValueError(f"an architecture of {width} is larger than its weights")


@contextlib.contextmanager
def reading_run(path: Path) -> Iterator[None]:
    """Say that `path` does not read as a run if the block fails; errors of taut pass.

    Digests guard against damage. What was altered with its digests made to fit can contradict itself in any way.
    """
    try:
        yield
    except TautError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> RunFolderError:
    """What to say of a `model.json` that is none."""
    return RunFolderError(f"`{path / 'model.json'}` does not read as a run ({said(error)}); fit again.")


def own_digest(content: bytes) -> str:
    """SHA-256 of `model.json` without the digest in it."""
    # Of what the file says, and not of what is made of it: one from before a field was added keeps its own.
    values = {name: value for name, value in msgspec.json.decode(content).items() if name != "digest"}
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()


def file_digest(path: Path) -> str | None:
    """SHA-256 of a file, None where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def facts_of_fit(config: VAEConfig, *, seed: int, data_digest: str) -> dict[str, Any]:
    """What a fit must have in common with the one that it goes on with, as plain values."""
    facts = config.compared() | {"random_state": seed, "data": data_digest}
    return msgspec.json.decode(msgspec.json.encode(facts, enc_hook=plain))


def plain(value: Any) -> Any:
    """Options that came as NumPy numbers, such as those of a grid, or as other sequences than lists."""
    return value.item() if isinstance(value, np.generic) else list(value)
