"""One word for every source: a file by its ending, or a folder of images."""

import re
from collections.abc import Callable
from pathlib import Path

from taut.data.arrays import read_npy, read_npz
from taut.data.cell_files import read_cells
from taut.data.faults import check_readable
from taut.data.idx import read_idx
from taut.data.images import read_images
from taut.data.table import Table
from taut.data.tabular import read_csv, read_parquet
from taut.errors import DataError

READ = ".npy, .npz, .csv, .parquet, .h5ad, .idx, .idx.gz, or a folder of images"
_VECTORS: dict[str, Callable[..., Table]] = {".npy": read_npy, ".npz": read_npz, ".idx": read_idx}
_READERS: dict[str, Callable[[Path], Table]] = {**_VECTORS, ".csv": read_csv, ".parquet": read_parquet}
# The classical names have no ending of their own: train-images-idx3-ubyte, perhaps with .gz.
_CLASSICAL = re.compile(r"([.-]idx\d?-ubyte|\.idx)(\.gz)?$")


def read(source: str | Path, *, as_column: bool = False) -> Table:
    """The numbers in a file or folder: .npy, .npz[:key], .csv, .parquet, .h5ad[:layer], .idx[.gz], or images in one.

    `as_column` takes a plain vector in an array file as one column, as labels come.

    Raises DataError, in one sentence that names the first offender, where the source is missing, damaged,
    of an unknown kind, empty, not numeric, or has holes.
    """
    path, key = _located(str(source))
    ending = _ending(path)
    if key is not None and ending not in (".npz", ".h5ad"):
        raise DataError(f"Only an .npz archive has keys; `{path}` is none; leave out `:{key}`.")
    if path.is_dir() and ending not in _READERS:
        return read_images(path)
    check_readable(path)
    if ending == ".h5ad":
        return read_cells(path, key)
    if key is not None:
        return read_npz(path, key, as_column=as_column)
    if ending not in _READERS:
        raise DataError(f"Wanted {READ}; got `{path}`, whose ending is none of these; convert it.")
    if ending in _VECTORS:
        return _VECTORS[ending](path, as_column=as_column)
    return _READERS[ending](path)


def exists(source: str | Path) -> bool:
    """Whether something lies at `source`; a name the system cannot even look up does not exist."""
    try:
        return Path(source).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False


def _located(source: str) -> tuple[Path, str | None]:
    """The path, and the key behind its colon.

    A path that exists as it stands wins, so colons in names and after Windows drives stay what they are;
    then the longest part before a colon that exists.
    """
    if source and not exists(source):
        parts = source.split(":")
        for cut in range(len(parts) - 1, 0, -1):
            head = ":".join(parts[:cut])
            if head and exists(head):
                return Path(head).expanduser(), ":".join(parts[cut:])
    if not source or not exists(source):
        raise DataError(f"Wanted {READ}; there is no `{source}`; check the spelling and the folder.")
    return Path(source).expanduser(), None


def _ending(path: Path) -> str:
    return ".idx" if _CLASSICAL.search(path.name.lower()) else path.suffix.lower()
