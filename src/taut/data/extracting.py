"""Taking one column out of a sheet, whatever library it came from."""

import datetime
import decimal
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.arrow import functions
from taut.data.cells import Cells
from taut.data.checks import column_name
from taut.data.faults import in_one_clause
from taut.data.levels import is_hole, label_of, labels_of
from taut.data.native_types import is_categorical
from taut.data.parsing import dates_in
from taut.data.sheet import Sheet
from taut.errors import DataError, TautError

# Ticks of each of Arrow's units in a second; the first and last moment that Python's dates reach, in seconds.
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
# Numbers are read in double precision if so many of the different ones stay different.
_KEPT_APART = 0.9


def cells_of(sheet: Sheet, number: int) -> Cells:
    """The cells of column `number`. Raises DataError, naming the column, where its library cannot give them.

    >>> from taut.data.sheet import as_sheet
    >>> cells = cells_of(as_sheet({"a": [3, None]}), 0)
    >>> cells.came, cells.labels()
    ('integer', [3, None])
    """
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


def readable_cells(sheet: Sheet, number: int) -> Cells | None:
    """The cells of a column that is not needed, or None where they cannot be read."""
    try:
        return cells_of(sheet, number)
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
    came, values, present = _plain(array, title)
    if came == "string" and (dates := dates_in(pa.array(values, pa.string(), mask=~present))) is not None:
        came, values, present = _plain(dates, title)
        return Cells(title=title, name=name, came=came, values=values, present=present, spelled=True)
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
    values = _objects([*labels, None])
    if len(kinds) == 1 and kinds <= {int, float, bool}:
        kind = kinds.pop()
        values = np.array([kind(0) if label is None else label for label in [*labels, None]], kind)
    return Cells(title=title, name=name, came=came, values=values[places], present=present, levels=known)


def _plain(array: pa.Array, title: str) -> tuple[str, np.ndarray, np.ndarray]:
    """How the cells of a column came, their values, and which are there."""
    array = functions.run_end_decode(array) if pa.types.is_run_end_encoded(array.type) else array
    present, kind = np.asarray(array.is_valid()), array.type
    if pa.types.is_boolean(kind):
        return "bool", np.asarray(functions.fill_null(array, False)), present
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _numeric(array, present)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _moments(array, present, title)
    if pa.types.is_duration(kind):
        ticks = np.asarray(functions.fill_null(array.cast(pa.int64()), 0))
        return "duration", np.where(present, ticks / _TICKS[kind.unit], np.nan), present
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind) or kind == pa.string_view():
        return "string", _objects(array.to_pylist()), present
    return _others(array.to_pylist())


def _numeric(array: pa.Array, present: np.ndarray) -> tuple[str, np.ndarray, np.ndarray]:
    kind = array.type
    if kind == pa.uint64() or pa.types.is_decimal(kind):
        return _wide(array, present)
    if pa.types.is_integer(kind):
        return "integer", np.asarray(functions.fill_null(array, 0).cast(pa.int64())), present
    values = np.asarray(functions.fill_null(array.cast(pa.float64(), safe=False), np.nan))
    return "float", values, present & ~np.isnan(values)


def _wide(array: pa.Array, present: np.ndarray) -> tuple[str, np.ndarray, np.ndarray]:
    """Numbers that may have more digits than double precision: as whole ones, else as floats, else as text."""
    if array.type == pa.uint64():
        whole = np.asarray(functions.fill_null(array, 0))
        if not len(whole) or whole.max() < 2**63:
            return "integer", whole.astype(np.int64), present
    values = np.asarray(functions.fill_null(array.cast(pa.float64(), safe=False), np.nan))
    kept = len(np.unique(values[present]))
    if kept == present.sum() or kept >= _KEPT_APART * len(set(array.to_pylist()) - {None}):
        return "float", values, present
    return "wide integer", _objects([None if cell is None else str(cell) for cell in array.to_pylist()]), present


def _moments(array: pa.Array, present: np.ndarray, title: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Microseconds since 1970; raises DataError for a moment that is in no calendar of Python's."""
    kind, zone = array.type, getattr(array.type, "tz", None)
    came = "date" if pa.types.is_date(kind) else f"datetime, {zone}" if zone else "datetime"
    whole = array.cast(pa.int32()).cast(pa.int64()) if kind == pa.date32() else array.cast(pa.int64())
    ticks = np.asarray(functions.fill_null(whole, 0))
    second = 1 / 86_400 if kind == pa.date32() else _TICKS["ms" if kind == pa.date64() else kind.unit]
    seconds = ticks / second
    outside = present & ((seconds < _FIRST) | (seconds > _LAST))
    if outside.any():
        row = int(np.argmax(outside))
        raise DataError(
            f"Wanted dates from year 1 to 9999; row {row} (counting from 0) of column {title} holds "
            f"{seconds[row]:.6g} seconds after 1970; mend the cell, or empty it to call it missing."
        )
    moments = array.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64())
    return came, np.asarray(functions.fill_null(moments, 0)), present


def _mixed(cells: Sequence[Any], title: str, name: str) -> Cells:
    """Python objects of several types: numbers, if that is all they are, or labels."""
    cleaned = [None if is_hole(cell) else _simple(cell) for cell in cells]
    present = np.array([cell is not None for cell in cleaned], bool)
    there = [cell for cell in cleaned if cell is not None]
    if all(isinstance(cell, int | float) for cell in there):
        came, values = _numbers(cleaned, there)
    elif all(isinstance(cell, str | int | float) for cell in there):
        came, values = "mixed", _objects([label_of(cell) for cell in cleaned])
    else:
        came, values, present = _others(cleaned)
    return Cells(title=title, name=name, came=came, values=values, present=present)


def _numbers(cells: Sequence[Any], there: Sequence[Any]) -> tuple[str, np.ndarray]:
    """Python's numbers in double precision where that keeps most of them apart, else as text."""
    try:
        values = np.array([np.nan if cell is None else float(cell) for cell in cells])
        if len(np.unique(values[~np.isnan(values)])) >= _KEPT_APART * len(set(there)):
            return "float", values
    except OverflowError:  # a whole number above 1e308
        pass
    return "wide integer", _objects([None if cell is None else str(cell) for cell in cells])


def _others(cells: Sequence[Any]) -> tuple[str, np.ndarray, np.ndarray]:
    """Cells of any other type, as text, by which a person may call them categories."""
    texts = [None if is_hole(cell) else _text(cell) for cell in cells]
    return "other", _objects(texts), np.array([text is not None for text in texts], bool)


def _text(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, datetime.time | datetime.date) else str(cell)


def _simple(cell: Any) -> Any:
    cell = cell.item() if isinstance(cell, np.generic) else cell
    return float(cell) if isinstance(cell, decimal.Decimal | np.longdouble) else cell


def _objects(cells: Sequence[Any]) -> np.ndarray:
    values = np.empty(len(cells), object)
    values[:] = cells
    return values
