"""From a data frame of any library to a `Table`, through narwhals."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from taut.data.checks import check_not_empty, column_name, place
from taut.data.dense import from_array
from taut.data.read_errors import in_one_clause
from taut.data.table import Table
from taut.errors import DataError


def from_frame(native: Any, name: str, *, named: bool = True, notes: Sequence[str] = (), holes: bool = False) -> Table:
    """A table from a pandas, polars or pyarrow frame whose columns all hold numbers.

    Where the columns are not `named` by a person, messages count them. With `holes`, missing cells become NaN.
    Raises DataError at the first column that holds something else, or at the first missing cell.
    """
    try:
        frame = nw.from_native(native, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"Wanted distinct column names; `{name}` has twins ({in_one_clause(error)}); rename.") from None
    columns = [str(column) for column in frame.columns] if named else None
    check_not_empty(np.empty(frame.shape, np.uint8), name)
    series = list(frame.iter_columns())
    for number, cells in enumerate(series):
        _check_numbers(cells, column_name(number, columns), name)
    if not holes:
        _check_no_holes(series, columns, name)
    return from_array(_stack(series), name, columns=columns, notes=notes, holes=holes)


def _stack(series: Sequence[nw.Series]) -> np.ndarray:
    """The columns side by side, in the smallest dtype that holds them all."""
    try:
        arrays = [_numbers(cells) for cells in series]
    # Each library has errors of its own for types that numpy does not have.
    except Exception as error:
        raise DataError(
            f"Wanted columns of numbers; some cannot be read ({in_one_clause(error)}); convert them."
        ) from None
    values = np.empty((len(arrays[0]), len(arrays)), np.result_type(*arrays))
    for number, array in enumerate(arrays):
        values[:, number] = array
    return values


def _numbers(cells: nw.Series) -> np.ndarray:
    if cells.null_count() == len(cells):
        return np.full(len(cells), np.nan)
    if cells.dtype == nw.Decimal or cells.null_count():
        cells = cells.cast(nw.Float64)
    return cells.to_numpy()


def _check_numbers(cells: nw.Series, column: str, name: str) -> None:
    """Refuse a column of text or dates; a column with nothing in it is left to the check for holes."""
    if cells.dtype.is_numeric() or cells.dtype == nw.Boolean or cells.null_count() == len(cells):
        return
    raise DataError(
        f"Wanted columns of numbers; column {column} of `{name}` holds {_what_it_holds(cells)}; drop or encode it."
    )


def _what_it_holds(cells: nw.Series) -> str:
    if cells.dtype.is_temporal():
        return "dates or times"
    for row, cell in enumerate(cells.to_list()):
        if isinstance(cell, str) and not _is_number(cell):
            return f"text, first `{cell[:40]}` in row {row} (counting from 0)"
    return f"values of type {cells.dtype}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_no_holes(series: Sequence[nw.Series], columns: Sequence[str] | None, name: str) -> None:
    """Refuse missing cells, naming the first in reading order."""
    holes = [(_first_hole(cells), number) for number, cells in enumerate(series) if cells.null_count()]
    if holes:
        raise DataError(
            f"Missing cells are not accepted yet; `{name}` has the first (empty, NA or NaN) in "
            f"{place(*min(holes), columns)}; fill it or drop the row."
        )


def _first_hole(cells: nw.Series) -> int:
    return int(np.argmax(cells.is_null().to_numpy()))
