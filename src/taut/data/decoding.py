"""Coded numbers as cells of a column: what the kinds of columns decode with."""

import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from taut.data.cells import MICROSECONDS, Cells
from taut.data.numerals import functions
from taut.data.schema import Column

# Of so many cells one may have more decimals than the others: a mean among readings.
_ONE_IN = 50
_MOST_DECIMALS, _LOOKED_AT = 12, 10_000
_HOUR = MICROSECONDS // 24
_CLOCK = {"hour": _HOUR, "minute": _HOUR // 60, "second": _HOUR // 3600, "millisecond": _HOUR // 3_600_000}
_CALENDAR: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "year": lambda days: days.astype("datetime64[Y]").astype("datetime64[D]"),
    "month": lambda days: days.astype("datetime64[M]").astype("datetime64[D]"),
    "month's end": lambda days: (days.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1,
}


def decimals_of(values: np.ndarray) -> int | None:
    """How many decimals suffice to write the numbers, all but one in fifty; None where they need every digit.

    >>> decimals_of(np.array([0.5, 10.25, 100.75])), decimals_of(np.array([3.0, 900.0])), decimals_of(np.array([np.pi]))
    (2, 0, None)
    """
    values = values[np.isfinite(values)].astype(np.float64)
    values = np.abs(values[:: max(len(values) // _LOOKED_AT, 1)])
    decimals = np.arange(_MOST_DECIMALS + 1)
    with np.errstate(over="ignore", invalid="ignore"):
        # What float32 keeps of 0.1 is known to seven digits.
        single = bool(np.all(values == values.astype(np.float32)))
        scaled = np.multiply.outer(10.0**decimals, values)
        slack = 4 * np.finfo(np.float32 if single else np.float64).eps * scaled
        whole = (np.abs(np.rint(scaled) - scaled) <= slack) & (slack <= 0.01)
    whole[0] |= values == np.rint(values)
    enough = (~whole).sum(axis=1) <= len(values) // _ONE_IN
    return int(np.argmax(enough)) if enough.any() else None


def date_unit_of(cells: Cells) -> str | None:
    """The largest unit of which every date is a whole number, from the year to the millisecond; None below it.

    >>> from taut.data.sheet import as_sheet
    >>> from taut.data.extracting import cells_of
    >>> date_unit_of(cells_of(as_sheet({"a": ["2020-01-01 10:00", "2020-01-03 12:00"]}), 0))
    'hour'
    """
    local = _local(cells.observed, _zone(cells.came))
    if np.all(local % MICROSECONDS == 0):
        days = np.unique(local.astype("datetime64[us]").astype("datetime64[D]"))
        # Two or three days may be the first of their month by chance.
        units = (unit for unit, start in _CALENDAR.items() if len(days) > 3 and np.all(start(days) == days))
        return next(units, "day")
    return next((unit for unit, length in _CLOCK.items() if np.all(local % length == 0)), None)


def rounded_numbers(values: np.ndarray, decimals: int | None, *, low: float, high: float) -> np.ndarray:
    """The numbers with so many decimals; where rounding would reach `low` or `high`, as they are.

    >>> rounded_numbers(np.array([2.347, 0.004]), 2, low=0.0, high=np.inf).tolist()
    [2.35, 0.004]
    """
    if decimals is None:
        return values
    near = np.round(values, decimals)
    return np.where((near > low) & (near < high), near, values)


def rounded_moments(moments: np.ndarray, unit: str | None, dtype: str) -> np.ndarray:
    """Microseconds since 1970 to the nearest whole unit of local time, for a column that came as `dtype`.

    >>> rounded_moments(np.array([90_000_000]), "minute", "datetime").tolist()
    [120000000]
    """
    if unit is None:
        return moments
    zone = _zone(dtype)
    local = _local(moments, zone)
    if unit in _CLOCK:
        near = np.rint(local / _CLOCK[unit]).astype(np.int64) * _CLOCK[unit]
    else:
        days = np.rint(local / MICROSECONDS).astype(np.int64).astype("datetime64[D]")
        near = _nearest(days, _CALENDAR[unit]) if unit in _CALENDAR else days
        near = near.astype("datetime64[us]").astype(np.int64)
    return _global(near, zone)


def _nearest(days: np.ndarray, start: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The nearest of the days that begin (or end) a period."""
    found = start(days)
    for days_on in (-31, 31, -366, 366):
        other = start(days + days_on)
        found = np.where(np.abs(other - days) < np.abs(found - days), other, found)
    return found


def _zone(came: str) -> str | None:
    return came.partition(", ")[2] or None


def _local(moments: np.ndarray, zone: str | None) -> np.ndarray:
    if zone is None:
        return moments
    stamps = pa.array(moments, pa.int64()).cast(pa.timestamp("us", zone))
    return np.asarray(functions.local_timestamp(stamps).cast(pa.int64()))


def _global(local: np.ndarray, zone: str | None) -> np.ndarray:
    if zone is None:
        return local
    stamps = pa.array(local, pa.int64()).cast(pa.timestamp("us"))
    # An hour that does not exist, or exists twice, when clocks change.
    placed = functions.assume_timezone(stamps, zone, ambiguous="earliest", nonexistent="earliest")
    return np.asarray(placed.cast(pa.int64()))


# Whole numbers are kept within these, so that none leaves 64 bits.
_LARGEST = 2.0**62


def decode_numbers(
    column: Column,
    coded: np.ndarray,
    as_cells: bool = False,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    least_whole: float = -np.inf,
) -> pa.Array:
    """Numbers x = coded · unit + offset between two ends, whole ones where the column came so, null for NaN.

    With `as_cells` they have the column's decimals, where rounding does not reach an end.

    >>> decode_numbers(Column(name="a", kind="real", offset=1.0, unit=2.0), np.array([0.5, np.nan])).to_pylist()
    [2.0, None]
    """
    there = ~np.isnan(coded)
    values = np.clip(np.where(there, coded * column.unit + column.offset, 0.0), low, high)
    if as_cells:
        values = rounded_numbers(values, column.decimals, low=low, high=high)
    if column.dtype == "duration":
        return _durations(np.where(there, values, np.nan))
    if column.dtype != "integer":
        return pa.array(values, mask=~there)
    whole = np.clip(np.maximum(np.rint(values), least_whole), -_LARGEST, _LARGEST)
    return pa.array(whole.astype(np.int64), mask=~there)


def decode_whole_numbers(column: Column, coded: np.ndarray) -> pa.Array:
    """Whole numbers: those beyond 2^53 would lose their last digits if the offset were added in floating point."""
    there = ~np.isnan(coded)
    middle = int(np.floor(column.offset))
    moved = np.rint(np.where(there, coded, 0.0) * column.unit + (column.offset - middle))
    room = _LARGEST - abs(middle)
    return pa.array(np.clip(moved, -room, room).astype(np.int64) + middle, mask=~there)


def decode_labels(column: Column, coded: np.ndarray, as_cells: bool = False) -> pa.Array:
    """The categories that stand for codes, each rounded to the nearest."""
    there, categories = ~np.isnan(coded), column.categories or []
    codes = np.clip(np.rint(np.where(there, coded, 0)), 0, len(categories) - 1).astype(np.int64)
    return _labels(column, [categories[code] if ok else None for code, ok in zip(codes, there, strict=True)])


def decode_dates(column: Column, coded: np.ndarray, as_cells: bool = False) -> pa.Array:
    """Dates or moments, in whole units of the column."""
    there = ~np.isnan(coded)
    days = np.where(there, coded * column.unit, 0.0)
    moments = np.rint(days * MICROSECONDS).astype(np.int64) + round(column.offset * MICROSECONDS)
    moments = rounded_moments(moments, column.date_unit, column.dtype)
    zone = column.dtype.partition(", ")[2] or None
    stamps = pa.array(moments, pa.int64(), mask=~there).cast(pa.timestamp("us", zone))
    return functions.floor_temporal(stamps, unit="day").cast(pa.date32()) if column.dtype == "date" else stamps


def _labels(column: Column, labels: list[Any]) -> pa.Array:
    if column.dtype in ("float", "duration"):
        numbers = pa.array([None if label is None else float(label) for label in labels], pa.float64())
        return _durations(np.asarray(numbers, np.float64)) if column.dtype == "duration" else numbers
    if column.dtype == "wide integer":
        labels = [None if label is None else decimal.Decimal(label) for label in labels]
    try:
        cells = pa.array(labels)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        cells = pa.array([None if label is None else str(label) for label in labels])
    return cells.dictionary_encode() if column.dtype in ("categorical", "enum") else cells


def _durations(seconds: np.ndarray) -> pa.Array:
    there = np.isfinite(seconds)
    return pa.array(np.rint(np.where(there, seconds, 0.0) * 1e6).astype(np.int64), pa.duration("us"), mask=~there)
