"""Reading tables of text (.csv) and of columns (.parquet) with pyarrow."""

import dataclasses
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.conversion import narrow
from taut.data.delimited import check_rectangular, counts_up, decoded, rows_of
from taut.data.faults import decoding
from taut.data.frames import from_frame
from taut.data.layout import Layout, laid_out
from taut.data.table import Table

# Arrow wants a whole row inside one block; this leaves room for about a million columns.
_BLOCK = 1 << 24


def read_csv(path: Path) -> Table:
    """A table from text; a first line with anything but numbers in it names the columns.

    Cells are separated as `laid_out` finds. Raises DataError at the first row with
    another number of cells, the first column that is no number, and the first empty cell.
    """
    with decoding(path, "a table as text (.csv, UTF-8)"):
        text, said = decoded(path.read_bytes(), path.name)
        layout = laid_out(text, path.name)
        first = next(rows_of(layout.text, layout.separator))
        counted, header = counts_up(first), layout.header
        frame = _parse(layout, path.name)
    notes = [*said, *layout.notes]
    if counted:
        notes.append("The first line counts 0, 1, 2, … and was taken for column names.")
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


def _parse(layout: Layout, name: str) -> pa.Table:
    reading = arrow_csv.ReadOptions(block_size=_BLOCK, autogenerate_column_names=not layout.header)
    source = pa.BufferReader(pa.py_buffer(layout.text.encode()))
    try:
        return arrow_csv.read_csv(source, reading, arrow_csv.ParseOptions(delimiter=layout.separator))
    except pa.ArrowInvalid:
        # Arrow's message quotes the row without its number.
        check_rectangular(rows_of(layout.text, layout.separator), name, header=layout.header)
        raise
