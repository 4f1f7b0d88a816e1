"""Taking one column out of a sheet, whatever library it came from."""

import decimal
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from taut.data.arrow import functions
from taut.data.cells import Cells
from taut.data.checks import column_name
from taut.data.missing_values import without
from taut.data.notations import Notation
from taut.data.schema import Column
from taut.data.sheet import Sheet
from taut.data.text_cells import as_spelled


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
    the sheet.

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
    column = sheet.series[number]
    try:
        array = column.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return _mixed(column.to_list(), title, name)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    came, levels, values, present = _plain(array)
    return Cells(title=title, name=name, came=came, values=values, present=present, levels=levels)


def _plain(array: pa.Array) -> tuple[str, list[Any] | None, np.ndarray, np.ndarray]:
    """How the cells came, declared levels, values and presence."""
    present = np.asarray(array.is_valid())
    kind = array.type
    if pa.types.is_dictionary(kind):
        levels = array.dictionary.to_pylist()
        came, _, values, present = _plain(array.cast(kind.value_type))
        return "enum" if kind.ordered else "categorical", levels, values, present
    if pa.types.is_boolean(kind):
        return "bool", None, np.asarray(functions.fill_null(array, False)), present
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return "integer", None, np.asarray(functions.fill_null(array, 0).cast(pa.int64())), present
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = np.asarray(functions.fill_null(array.cast(pa.float64(), safe=False), np.nan))
        return "float", None, values, present & ~np.isnan(values)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        zone = getattr(kind, "tz", None)
        moments = array.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64())
        came = "date" if pa.types.is_date(kind) else f"datetime, {zone}" if zone else "datetime"
        return came, None, np.asarray(functions.fill_null(moments, 0)), present
    text = (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view() or pa.types.is_null(kind)
    )
    return "string" if text else "other", None, _objects(array.to_pylist()), present


def _mixed(cells: Sequence[Any], title: str, name: str) -> Cells:
    """Python objects of several types: numbers, if that is all they are, or labels."""
    cleaned = [None if _is_hole(cell) else _simple(cell) for cell in cells]
    present = np.array([cell is not None for cell in cleaned], bool)
    there = [cell for cell in cleaned if cell is not None]
    if all(isinstance(cell, int | float) for cell in there):
        values = np.array([np.nan if cell is None else float(cell) for cell in cleaned])
        return Cells(title=title, name=name, came="float", values=values, present=present)
    known = all(isinstance(cell, str | int | float) for cell in there)
    return Cells(title=title, name=name, came="mixed" if known else "other", values=_objects(cleaned), present=present)


def _is_hole(cell: Any) -> bool:
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float | np.floating | decimal.Decimal) and math.isnan(cell)


def _simple(cell: Any) -> Any:
    cell = cell.item() if isinstance(cell, np.generic) else cell
    return float(cell) if isinstance(cell, decimal.Decimal) else cell


def _objects(cells: Sequence[Any]) -> np.ndarray:
    values = np.empty(len(cells), object)
    values[:] = cells
    return values
