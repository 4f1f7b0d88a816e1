"""Writing without leaving halves behind: to a temporary name first, renamed when complete."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from taut.errors import DataError

__all__ = [
    "write_text",
    "written_whole",
]


@contextlib.contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends without an error.

    The temporary name keeps the ending of `path`, because some writers add one otherwise.
    Raises DataError, in one sentence, where the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise DataError(
            f"Wanted to write `{path}`; the system said: {error.strerror or error}; "
            "choose a folder that can be written and has room."
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, "utf-8")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
