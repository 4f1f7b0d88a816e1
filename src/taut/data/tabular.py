"""Reading tables of numbers from text (.csv) and from columns (.parquet)."""

import dataclasses
from pathlib import Path

import numpy as np
from pyarrow import parquet

from taut.data.faults import decoding
from taut.data.frames import from_frame
from taut.data.sheet_files import read_sheet
from taut.data.table import Table


def read_csv(path: Path) -> Table:
    """A table from text; a first line with anything but numbers in it names the columns.

    Raises DataError at the first row with another number of cells, the first column that is no number, and the first
    empty cell.
    """
    sheet = read_sheet(path)
    table = from_frame(sheet.native, path.name, named=sheet.named, notes=sheet.notes)
    return dataclasses.replace(table, values=narrow(table.values))


def read_parquet(path: Path) -> Table:
    """A table from a parquet file whose columns all hold numbers.

    Raises DataError where the file is damaged, a column is no number or a cell is missing.
    """
    with decoding(path, "a table in parquet format"), parquet.ParquetFile(path) as file:
        frame = file.read()
    return from_frame(frame, path.name)


def narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers in the smallest usual dtype: text has none."""
    if values.dtype.kind != "i":
        return values
    for dtype in (np.uint8, np.int32):
        limits = np.iinfo(dtype)
        if limits.min <= values.min() and values.max() <= limits.max:
            return values.astype(dtype)
    return values
