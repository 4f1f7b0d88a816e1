"""Reading any source: a file by its ending, or a folder of images."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.array_files import opened_archive, read_array_file
from taut.data.conversion import read_cells
from taut.data.dense import from_array, read_idx
from taut.data.frames import with_periods_as_moments
from taut.data.images import check_resizable, holds_images, read_images
from taut.data.layout import UNCUT, check_rectangular, counts_up, decoded, is_number, laid_out, rows_of
from taut.data.numerals import typed
from taut.data.read_errors import check_readable, decoding
from taut.data.sheet import Sheet, as_sheet, check_distinct, sheet_of
from taut.data.sparse import is_saved_sparse, read_sparse
from taut.data.table import Table
from taut.errors import DataError

# So many names are listed in a message before it trails off.
_LISTED = 12


def read_npy(path: Path, *, as_column: bool = False) -> Table:
    """A table from one array in numpy's format.

    Raises DataError where the file is damaged or holds Python objects.
    """
    with decoding(path, "an array in numpy's .npy format"):
        values = _refusing_objects(lambda: read_array_file(path), str(path))
    return from_array(values, path.name, as_column=as_column, holes=not as_column)


def read_npz(path: Path, key: str | None = None, *, as_column: bool = False) -> Table:
    """A table from the array `key` of an archive, from its only array, or from the sparse matrix that it holds.

    Raises DataError where the key is missing or unknown, listing the keys.
    """
    with decoding(path, "an archive in numpy's .npz format"), opened_archive(path) as archive:
        if key is None and is_saved_sparse(archive.names):
            return read_sparse(archive, path.name)
        key = _chosen(archive.names, key, path)
        name = f"{path.name}:{key}"
        values = _refusing_objects(lambda: archive.read(key), name)
    return from_array(np.asarray(values), name, as_column=as_column, holes=not as_column)


def _refusing_objects(load: Callable[[], np.ndarray], name: str) -> np.ndarray:
    try:
        return load()
    except ValueError as error:
        if "Object arrays" not in str(error):
            raise
        raise DataError(f"Wanted numbers; `{name}` holds Python objects; save it with a numeric dtype.") from None


def _chosen(keys: list[str], key: str | None, path: Path) -> str:
    listed = ", ".join(keys[:_LISTED]) + (", …" if len(keys) > _LISTED else "")
    if not keys:
        raise DataError(f"Wanted an array; the archive `{path}` holds none; write it anew.")
    if key is None:
        if len(keys) > 1:
            raise DataError(f"Wanted one array; `{path}` holds {listed}; name one, as in `{path.name}:{keys[0]}`.")
        return keys[0]
    if key not in keys:
        raise DataError(f"Wanted the array `{key}` of `{path}`, which holds {listed}; name one of these.")
    return key


# Arrow wants a whole row inside one block; this leaves room for about a million columns.
_BLOCK = 1 << 24


def read_text(path: Path) -> Sheet:
    """The table in a file of text, with its text, dates and holes; the notes say what reading decided.

    Raises DataError, in one sentence that names the first offender, where the file is no text, without rows, ragged, or
    has two columns of one name.
    """
    with decoding(path, "a table as text (.csv, UTF-8)"):
        text, notes = decoded(path.read_bytes(), path.name)
        if "\0" in text:
            raise ValueError("it holds zero bytes")
        layout = laid_out(text, path.name)
        sign, header = layout.separator, layout.header
        first = next(rows_of(layout.text, sign))
        cells = _parse(layout.text, sign, path.name, header=header)
    if header and not len(cells[0]):
        raise DataError(f"Wanted rows below the column names; `{path.name}` has 0 sample(s); give it rows.")
    names, remarks = _names(first, header, path.name)
    columns, said = typed(cells, names if header else None, path.name, separator=sign)
    return sheet_of(
        columns, names, path.name, named=header, notes=notes + layout.notes + remarks + said, separator=sign
    )


def read_parquet(path: Path) -> Sheet:
    """The table in a parquet file. Raises DataError where the file is damaged, or without rows."""
    with decoding(path, "a table in parquet format"), parquet.ParquetFile(path) as file:
        frame, notes = with_periods_as_moments(file.read())
    return dataclasses.replace(as_sheet(frame, path.name), notes=notes)


def _names(first: Sequence[str], header: bool, name: str) -> tuple[list[str], list[str]]:
    """The names of the columns, and what a person should know about how they were found."""
    if not header:
        return [f"x{number}" for number in range(len(first))], []
    names = [" ".join(cell.split()) or f"unnamed_{number}" for number, cell in enumerate(first)]
    notes = [
        f"Column {number} has no name and is called `{each}`."
        for number, each in enumerate(names)
        if not first[number].strip()
    ]
    if counts_up(first):
        notes.append("The first line counts 0, 1, 2, … and was taken for column names.")
    elif any(is_number(cell) for cell in first):
        notes.append("The first line was taken for column names, although it holds numbers; if it is data, add names.")
    check_distinct(names, name)
    return names, notes


def _parse(text: str, sign: str, name: str, *, header: bool) -> list[pa.Array]:
    """Each column as text, without the header."""
    source = pa.py_buffer(text.encode())
    width = len(next(rows_of(text, sign)))
    parsing = arrow_csv.ParseOptions(delimiter=sign, newlines_in_values='"' in text, ignore_empty_lines=sign != UNCUT)
    convert = arrow_csv.ConvertOptions(column_types={f"f{number}": pa.string() for number in range(width)})
    reading = arrow_csv.ReadOptions(block_size=_BLOCK, autogenerate_column_names=True)
    try:
        table = arrow_csv.read_csv(pa.BufferReader(source), reading, parsing, convert)
    except pa.ArrowInvalid:
        check_rectangular(rows_of(text, sign), name, header=header)
        raise
    table = table.slice(1 if header else 0)
    return [column.combine_chunks() for column in table.columns]


_TABLES: dict[str, Callable[[Path], Sheet]] = {
    ".csv": read_text,
    ".tsv": read_text,
    ".txt": read_text,
    ".parquet": read_parquet,
}
_ARRAYS: dict[str, Callable[..., Table]] = {".npy": read_npy, ".npz": read_npz, ".idx": read_idx}
READ = f"{', '.join(_TABLES)}, .npy, .npz, .h5ad, .idx, .idx.gz, .zarr, or a folder of images or .parquet files"
"""Endings of the files that are read, as errors name them."""
# The classical names have no ending of their own: train-images-idx3-ubyte, perhaps with .gz.
_CLASSICAL = re.compile(r"([.-]idx\d?-ubyte|\.idx)(\.gz)?$")


def read(
    source: str | Path, *, as_column: bool = False, resize: tuple[int, int] | None = None, colour: bool = False
) -> Table | Sheet:
    """What is in a file or folder: the columns of .csv, .tsv, .txt or .parquet, or a block of numbers.

    A block of numbers, a `Table`, is .npy, .npz[:key], .h5ad[:layer], .idx[.gz], or a folder of images; `as_column`
    takes a plain vector in an array file as one column, as labels come, and `resize` is the (height, width) to which
    the images of a folder are brought, `colour` reads grey ones as colour. Columns are a `Sheet`.

    Raises DataError, in one sentence that names the first offender, where the source is missing, damaged,
    of an unknown kind or empty, or where a block is not numeric or has holes.
    """
    path, key = located(str(source))
    ending = _ending(path)
    if key is not None and ending not in (".npz", ".h5ad"):
        raise DataError(f"Only an .npz archive has keys; `{path}` is none; leave out `:{key}`.")
    if is_only_streamed(path):
        raise DataError(
            f"Rows of `{path}` are only read a block at a time, and here all are wanted; write them as one .npy or "
            ".parquet file, or leave out `--no-stream`."
        )
    if path.is_dir() and ending not in _ARRAYS and ending not in _TABLES:
        return read_images(path, resize=resize, colour=colour)
    check_resizable(source, resize)
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


def is_only_streamed(path: Path) -> bool:
    """Whether it is a folder of rows, not of images: an array in Zarr's format, or files of Parquet."""
    if not path.is_dir():
        return False
    return path.suffix.lower() == ".zarr" or (any(path.glob("*.parquet")) and not holds_images(path))


def located(source: str) -> tuple[Path, str | None]:
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
