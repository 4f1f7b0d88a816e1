"""The cells of an array of Arrow as plain values, and which of them are there."""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from taut.data.dense import plain
from taut.data.native_types import is_hole
from taut.data.numerals import functions
from taut.errors import DataError

# Ticks of each of Arrow's units in a second; the first and last moment that Python's dates reach, in seconds.
TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
# Numbers are read in double precision if so many of the different ones stay different.
KEPT_APART = 0.9


def values_in(array: pa.Array, title: str) -> tuple[str, np.ndarray, np.ndarray]:
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
        return "duration", np.where(present, ticks / TICKS[kind.unit], np.nan), present
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind) or kind == pa.string_view():
        return "string", objects(array.to_pylist()), present
    return texts_of(array.to_pylist())


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
    if kept == present.sum() or kept >= KEPT_APART * len(set(array.to_pylist()) - {None}):
        return "float", values, present
    return "wide integer", objects([None if cell is None else str(cell) for cell in array.to_pylist()]), present


def _moments(array: pa.Array, present: np.ndarray, title: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Microseconds since 1970; raises DataError for a moment that is in no calendar of Python's."""
    kind, zone = array.type, getattr(array.type, "tz", None)
    came = "date" if pa.types.is_date(kind) else f"datetime, {zone}" if zone else "datetime"
    whole = array.cast(pa.int32()).cast(pa.int64()) if kind == pa.date32() else array.cast(pa.int64())
    ticks = np.asarray(functions.fill_null(whole, 0))
    second = 1 / 86_400 if kind == pa.date32() else TICKS["ms" if kind == pa.date64() else kind.unit]
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


def texts_of(cells: Sequence[Any]) -> tuple[str, np.ndarray, np.ndarray]:
    """Cells of any other type, as text, by which a person may call them categories."""
    texts = [None if is_hole(cell) else _text(cell) for cell in cells]
    return "other", objects(texts), np.array([text is not None for text in texts], bool)


def _text(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, datetime.time | datetime.date) else str(cell)


def objects(cells: Sequence[Any]) -> np.ndarray:
    """Any cells as an array of Python objects."""
    values = np.empty(len(cells), object)
    values[:] = cells
    return values


def is_list(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of lists."""
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def is_of_numbers(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of numbers or truth values, or of lists of such.

    >>> is_of_numbers(pa.list_(pa.list_(pa.uint8()))), is_of_numbers(pa.list_(pa.string()))
    (True, False)
    """
    while is_list(kind):
        kind = kind.value_type
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def are_lists(cells: Sequence[Any] | np.ndarray) -> bool:
    """Whether Python objects are lists or arrays, beside holes; false where all are holes.

    >>> are_lists([[1, 2], None]), are_lists([[1, 2], "a"]), are_lists([None])
    (True, False, False)
    """
    present = [cell for cell in cells if not is_hole(cell)]
    return bool(present) and all(isinstance(cell, list | tuple) or np.ndim(_array(cell)) > 0 for cell in present)


def of_lists(cells: Sequence[Any] | np.ndarray) -> pa.Array:
    """Lists or arrays, of which some may be missing, as a column of lists; those of several dimensions lie in lists.

    Raises an error of Arrow where their numbers do not go together.

    >>> of_lists([np.eye(2), None]).to_pylist()
    [[[1.0, 0.0], [0.0, 1.0]], None]
    """
    there = np.array([not is_hole(cell) for cell in cells], bool)
    present = [_array(cells[row]) for row in np.flatnonzero(there).tolist()]
    arrays = [cell for cell in present if isinstance(cell, np.ndarray) and cell.dtype.kind in "biuf"]
    if len(arrays) == len(present) and len({cell.shape for cell in arrays}) == 1:
        lists = _nested(np.stack(arrays))
    else:
        lists = pa.array([cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in present])
    return lists.take(pa.array(np.cumsum(there) - 1, pa.int64(), mask=~there))


def _array(cell: Any) -> Any:
    """An array of another library as one of NumPy; any other cell as it is."""
    return np.asarray(cell) if hasattr(cell, "__array__") and not isinstance(cell, np.generic) else cell


def _nested(values: np.ndarray) -> pa.Array:
    flat = pa.array(plain(values.ravel()))
    for length in reversed(values.shape[1:]):
        flat = pa.FixedSizeListArray.from_arrays(flat, length)
    return flat
