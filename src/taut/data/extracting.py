"""Taking one column out of a sheet, whatever library it came from."""

import decimal
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.arrow_values import KEPT_APART, objects, texts_of, values_in
from taut.data.cells import Cells, without
from taut.data.native_types import is_categorical, is_hole, label_of, labels_of
from taut.data.notations import Notation
from taut.data.numerals import functions
from taut.data.read_errors import in_one_clause
from taut.data.schema import Column
from taut.data.sheet import Sheet
from taut.data.table import column_name
from taut.data.text_cells import as_spelled
from taut.errors import DataError, TautError


def cells_of(
    sheet: Sheet,
    number: int,
    *,
    kind: str | None = None,
    notation: Notation | None = None,
    na_values: Sequence[str | int | float] = (),
) -> Cells:
    """The cells of column `number`, text as the numbers or dates that it spells.

    `kind` and `notation` are those that are known of the column, `na_values` what means missing in it beside those of
    the sheet. Raises DataError, naming the column, where its library cannot give them.

    >>> from taut.data.sheet import as_sheet
    >>> cells = cells_of(as_sheet({"a": [3, None]}), 0)
    >>> cells.came, cells.labels()
    ('integer', [3, None])
    """
    cells = without(_as_they_came(sheet, number), (*sheet.na_values, *na_values))
    return as_spelled(cells, separator=sheet.separator, kind=kind, known=notation)


def cells_like(sheet: Sheet, number: int, column: Column) -> Cells:
    """The cells of column `number`, read as this column of a schema was."""
    return cells_of(sheet, number, kind=column.kind, notation=column.notation, na_values=column.na_values)


def _as_they_came(sheet: Sheet, number: int) -> Cells:
    name = sheet.columns[number]
    title = column_name(number, sheet.columns if sheet.named else None)
    try:
        return _read(sheet.series[number], title, name)
    except (TautError, MemoryError):
        raise
    # Each library has its own errors for a type that it knows by name alone, and none of them may reach a person.
    except Exception as error:
        raise DataError(
            f"Wanted cells that can be read; column {title} of `{sheet.name}`, of type {sheet.series[number].dtype}, "
            f"cannot be ({in_one_clause(error)}); convert it, or ignore it."
        ) from None


def readable_cells(sheet: Sheet, number: int, like: Column | None = None) -> Cells | None:
    """The cells of a column that is not needed, or None where they cannot be read."""
    try:
        return cells_of(sheet, number) if like is None else cells_like(sheet, number, like)
    except DataError:
        return None


def _read(series: nw.Series, title: str, name: str) -> Cells:
    series, levels, ordered = _simplified(series)
    if levels is not None:
        places = np.asarray(series.to_native().cat.codes)
        return _levelled(levels, places, ordered=ordered, title=title, name=name)
    try:
        array = series.to_arrow()
    # Python objects of several types, or of one that Arrow does not have.
    except Exception:
        return _mixed(series.to_list(), title, name)
    array = array.unify_dictionaries().combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_dictionary(array.type):
        places = np.asarray(functions.fill_null(array.indices.cast(pa.int64()), -1))
        levels = array.dictionary.to_pylist()
        return _levelled(levels, places, ordered=array.type.ordered, title=title, name=name)
    came, values, present = values_in(array, title)
    return Cells(title=title, name=name, came=came, values=values, present=present)


def _simplified(series: nw.Series) -> tuple[nw.Series, list[Any] | None, bool]:
    """A column in types that Arrow has, with the levels of pandas' categories and whether they are in order.

    Periods become the moments at which they begin, and intervals categories.
    """
    if not series.implementation.is_pandas_like():
        return series, None, False
    native = series.to_native()
    kind = type(native.dtype).__name__
    if kind == "PeriodDtype":
        native = native.dt.to_timestamp()
    elif kind == "IntervalDtype":
        native = native.astype("category")
    if not is_categorical(native.dtype):
        return nw.from_native(native, series_only=True), None, False
    return nw.from_native(native, series_only=True), list(native.cat.categories), bool(native.cat.ordered)


def _levelled(levels: list[Any], places: np.ndarray, *, ordered: bool, title: str, name: str) -> Cells:
    """The cells of a categorical type: numbers or truth values where all its levels are, else text."""
    labels = labels_of(levels)
    there = np.array([label is not None for label in labels] + [False])
    present, kinds = there[places], {type(label) for label in labels if label is not None}
    came, known = "enum" if ordered else "categorical", list(dict.fromkeys(x for x in labels if x is not None))
    # The last one is for places of -1.
    values = objects([*labels, None])
    if len(kinds) == 1 and kinds <= {int, float, bool}:
        kind = kinds.pop()
        values = np.array([kind(0) if label is None else label for label in [*labels, None]], kind)
    return Cells(title=title, name=name, came=came, values=values[places], present=present, levels=known)


def _mixed(cells: Sequence[Any], title: str, name: str) -> Cells:
    """Python objects of several types: numbers, if that is all they are, or labels."""
    cleaned = [None if is_hole(cell) else _simple(cell) for cell in cells]
    present = np.array([cell is not None for cell in cleaned], bool)
    there = [cell for cell in cleaned if cell is not None]
    if all(isinstance(cell, int | float) for cell in there):
        came, values = _numbers(cleaned, there)
    elif all(isinstance(cell, str | int | float) for cell in there):
        came, values = "mixed", objects([label_of(cell) for cell in cleaned])
    else:
        came, values, present = texts_of(cleaned)
    return Cells(title=title, name=name, came=came, values=values, present=present)


def _numbers(cells: Sequence[Any], there: Sequence[Any]) -> tuple[str, np.ndarray]:
    """Python's numbers in double precision where that keeps most of them apart, else as text."""
    try:
        values = np.array([np.nan if cell is None else float(cell) for cell in cells])
        if len(np.unique(values[~np.isnan(values)])) >= KEPT_APART * len(set(there)):
            return "float", values
    except OverflowError:  # a whole number above 1e308
        pass
    return "wide integer", objects([None if cell is None else str(cell) for cell in cells])


def _simple(cell: Any) -> Any:
    cell = cell.item() if isinstance(cell, np.generic) else cell
    return float(cell) if isinstance(cell, decimal.Decimal | np.floating) else cell
