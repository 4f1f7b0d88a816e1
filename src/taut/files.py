"""Writing without leaving halves behind: to a temporary name first, renamed when complete."""

import contextlib
import contextvars
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from taut.errors import DataError

__all__ = [
    "remove_leftovers",
    "write_text",
    "writes",
    "written_nowhere",
    "written_whole",
]

_WRITES = contextvars.ContextVar("writes", default=True)
LEFTOVER = re.compile(r"\..*-[0-9a-f]{16}(\.\w+)?")


@contextlib.contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends without an error.

    The file is on the disk before it takes the name, so that a machine that fails leaves the old one or the new one.
    The temporary name keeps the ending of `path`, because some writers add one otherwise.
    Raises DataError, in one sentence, where the folder cannot be written or the disk is full.
    """
    path = Path(path)
    if not writes():
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / path.name
        return
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_file_beside(path)
        yield temporary
        _on_disk(temporary)
        temporary.replace(path)
        _on_disk(path.parent)
    except OSError as error:
        raise DataError(
            f"Wanted to write `{path}`; the system said: {error.strerror or error}; "
            "choose a folder that can be written and has room."
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def written_nowhere() -> Iterator[None]:
    """Within the block `written_whole` leaves nothing behind: of processes that work together one alone writes."""
    token = _WRITES.set(False)
    try:
        yield
    finally:
        _WRITES.reset(token)


def writes() -> bool:
    """Whether this process writes files.

    >>> with written_nowhere():
    ...     writes()
    False
    """
    return _WRITES.get()


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, "utf-8")


def remove_leftovers(folder: str | Path) -> None:
    """Take away the temporary files in `folder` of a process that was killed while it wrote."""
    for path in Path(folder).iterdir() if Path(folder).is_dir() else ():
        if LEFTOVER.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def _on_disk(path: Path) -> None:
    """Wait until what was written to a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return
    place = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _new_file_beside(path: Path) -> Path:
    """An empty file of a name that nobody has, with the permissions of any new file of this process.

    `tempfile` would make it the owner's alone, and the umask can be read only by setting it, which other threads see.
    """
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(8)}{path.suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary
