"""Reading any source: a file by its ending, or a folder of images."""

import re
from collections.abc import Callable
from pathlib import Path

from taut.data.arrays import read_npy, read_npz
from taut.data.cell_files import read_cells
from taut.data.idx import read_idx
from taut.data.images import read_images
from taut.data.read_errors import check_readable
from taut.data.sheet import Sheet
from taut.data.table import Table
from taut.data.table_files import read_parquet, read_text
from taut.errors import DataError

_TABLES: dict[str, Callable[[Path], Sheet]] = {
    ".csv": read_text,
    ".tsv": read_text,
    ".txt": read_text,
    ".parquet": read_parquet,
}
_ARRAYS: dict[str, Callable[..., Table]] = {".npy": read_npy, ".npz": read_npz, ".idx": read_idx}
READ = f"{', '.join(_TABLES)}, .npy, .npz, .h5ad, .idx, .idx.gz, or a folder of images"
# The classical names have no ending of their own: train-images-idx3-ubyte, perhaps with .gz.
_CLASSICAL = re.compile(r"([.-]idx\d?-ubyte|\.idx)(\.gz)?$")


def read(source: str | Path, *, as_column: bool = False) -> Table | Sheet:
    """What is in a file or folder: the columns of .csv, .tsv, .txt or .parquet, or a block of numbers.

    A block of numbers, a `Table`, is .npy, .npz[:key], .h5ad[:layer], .idx[.gz], or a folder of images; `as_column`
    takes a plain vector in an array file as one column, as labels come. Columns are a `Sheet`.

    Raises DataError, in one sentence that names the first offender, where the source is missing, damaged,
    of an unknown kind or empty, or where a block is not numeric or has holes.
    """
    path, key = _located(str(source))
    ending = _ending(path)
    if key is not None and ending not in (".npz", ".h5ad"):
        raise DataError(f"Only an .npz archive has keys; `{path}` is none; leave out `:{key}`.")
    if path.is_dir() and ending not in _ARRAYS and ending not in _TABLES:
        return read_images(path)
    check_readable(path)
    if ending == ".h5ad":
        return read_cells(path, key)
    if key is not None:
        return read_npz(path, key, as_column=as_column)
    if ending in _ARRAYS:
        return _ARRAYS[ending](path, as_column=as_column)
    return _table(path, READ)


def read_sheet(path: str | Path) -> Sheet:
    """The table in a .csv, .tsv, .txt or .parquet file. Raises DataError as `read` does, and for another ending."""
    path = Path(path).expanduser()
    check_readable(path)
    return _table(path, ", ".join(_TABLES))


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


def _table(path: Path, wanted: str) -> Sheet:
    reader = _TABLES.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"Wanted {wanted}; got `{path}`, whose ending is none of these; convert it.")
    return reader(path)


def _ending(path: Path) -> str:
    return ".idx" if _CLASSICAL.search(path.name.lower()) else path.suffix.lower()
