"""One process in a folder at a time. The system lets go when a process ends, however it ends."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from taut.errors import RunFolderError

try:
    import fcntl
except ImportError:  # Windows, where two processes are not told apart
    fcntl = None

__all__ = ["LOCK", "alone_in"]

LOCK = ".lock"


@contextlib.contextmanager
def alone_in(folder: str | Path) -> Iterator[None]:
    """Hold `folder`, made where it is not there; one that stays empty is taken away again.

    Raises RunFolderError where another process holds it.
    """
    folder = Path(folder)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    held = _locked(folder / LOCK)
    try:
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(held)
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _locked(path: Path) -> int:
    """An open file that this process alone holds."""
    while True:
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise RunFolderError(
                f"Wanted `{path.parent}` for this process alone; another one is at work in it; wait until it has "
                "ended, or choose another folder."
            ) from None
        except OSError:
            return file  # A file system that knows no locks.
        # Whoever held it before may have taken its name away in between.
        if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
            return file
        os.close(file)
