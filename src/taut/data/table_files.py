"""Reading a table of any columns from text or from parquet."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.delimited import UNCUT, check_rectangular, counts_up, decoded, is_number, rows_of
from taut.data.layout import laid_out
from taut.data.parsing import typed
from taut.data.periods import with_periods_as_moments
from taut.data.read_errors import decoding
from taut.data.sheet import Sheet, as_sheet, check_distinct, sheet_of
from taut.errors import DataError

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
