"""Coded numbers as cells of a column: what the kinds of columns decode with."""

import decimal
from typing import Any

import numpy as np
import pyarrow as pa

from taut.data.arrow import functions
from taut.data.cells import MICROSECONDS
from taut.data.resolution import rounded_moments, rounded_numbers
from taut.data.schema import Column

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
