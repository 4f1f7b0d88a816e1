"""Reading tables of text (.csv) and of columns (.parquet) with pyarrow."""

import csv
import dataclasses
import itertools
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.conversion import narrow
from taut.data.delimited import check_rectangular, counts_up, holds_numbers, rows_of, separator
from taut.data.faults import decoding
from taut.data.frames import from_frame
from taut.data.table import Table

# Arrow wants a whole row inside one block; this leaves room for about a million columns.
_BLOCK = 1 << 24
# So many lines decide which separator the file has.
_LOOKED_AT = 100


def read_csv(path: Path) -> Table:
    """A table from text; a first line with anything but numbers in it names the columns.

    Cells are separated by commas, or else by semicolons or tabs. Raises DataError at the first row with
    another number of cells, the first column that is no number, and the first empty cell.
    """
    with decoding(path, "a table as text (.csv, UTF-8)"):
        first, delimiter = _first_line(path)
        counted = counts_up(first)
        header = counted or not holds_numbers(first)
        frame = _parse(path, delimiter, header)
    notes = ["The first line counts 0, 1, 2, … and was taken for column names."] if counted else []
    if header and not first[0].strip():
        notes.append("The first column has no name; if it only numbers the rows, leave it out.")
    table = from_frame(frame, path.name, named=header, notes=notes)
    return dataclasses.replace(table, values=narrow(table.values) if table.values.dtype.kind == "i" else table.values)


def read_parquet(path: Path) -> Table:
    """A table from a parquet file whose columns all hold numbers.

    Raises DataError where the file is damaged, a column is no number or a cell is missing.
    """
    with decoding(path, "a table in parquet format"), parquet.ParquetFile(path) as file:
        frame = file.read()
    return from_frame(frame, path.name)


def _first_line(path: Path) -> tuple[list[str], str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = "".join(itertools.islice((line for line in file if line.strip()), _LOOKED_AT))
    sign = separator(head)
    return next(rows_of(head, sign), [""]), sign


def _parse(path: Path, delimiter: str, header: bool) -> pa.Table:
    reading = arrow_csv.ReadOptions(block_size=_BLOCK, autogenerate_column_names=not header)
    try:
        return arrow_csv.read_csv(path, reading, arrow_csv.ParseOptions(delimiter=delimiter))
    except pa.ArrowInvalid:
        # Arrow's message quotes the row without its number.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = (row for row in csv.reader(file, delimiter=delimiter) if row)
            check_rectangular(rows, path.name, header=header)
        raise
