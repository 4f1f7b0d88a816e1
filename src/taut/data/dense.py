"""From a numpy array to a `Table`: checked, flattened, and in a dtype that keeps every value."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from taut.data.checks import check_dimensions, check_finite, check_not_empty, check_numeric
from taut.data.table import Table
from taut.errors import DataError

# Whole numbers up to here are exact in double precision; single precision ends a little above.
_EXACT, _SINGLE = 2.0**53, 3e38


def from_array(
    values: np.ndarray,
    name: str,
    *,
    columns: Sequence[str] | None = None,
    notes: Sequence[str] = (),
    as_column: bool = False,
    holes: bool = False,
) -> Table:
    """A table from rows and columns, or from a stack of images (n, height, width).

    `as_column` takes a plain vector as one column, as labels come; `holes` lets NaN and masked cells through.

    Raises DataError or ShapeError where the array cannot be used, naming the first offender.

    >>> from_array(np.zeros((10, 8, 8), np.uint8), "stack").image_shape
    (8, 8)
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        if holes:
            check_numeric(values, name)
            values = np.where(np.ma.getmaskarray(values), np.nan, values.data)
        else:
            raise DataError(f"Wanted an array without holes; `{name}` has masked cells; fill them or drop their rows.")
    values = np.asarray(values)
    check_numeric(values, name)
    check_not_empty(values, name)
    values = values[:, None] if as_column and values.ndim == 1 else values
    check_dimensions(values, name)
    image_shape = (values.shape[1], values.shape[2]) if values.ndim == 3 else None
    values = plain(values.reshape(values.shape[0], -1))
    columns = None if columns is None else list(columns)
    check_finite(values, name, columns, holes=holes)
    return Table(values=values, name=name, columns=columns, image_shape=image_shape, notes=list(notes))


def narrow(values: np.ndarray) -> np.ndarray:
    """The same values in the smallest usual dtype that holds them all, row after row: equal values, equal array.

    >>> narrow(np.array([[1.0, 255.0]])).dtype, narrow(np.array([[0.5]])).dtype, narrow(np.array([[0.1]])).dtype
    (dtype('uint8'), dtype('float32'), dtype('float64'))
    """
    values = np.ascontiguousarray(plain(values))
    if values.dtype.kind == "f":
        whole = np.all((values == np.floor(values)) & (np.abs(values) < _EXACT))
        if not whole:
            single = values.astype(np.float32) if np.nanmax(np.abs(values)) < _SINGLE else values
            return single if np.array_equal(single, values, equal_nan=True) else values
        values = values.astype(np.int64)
    for dtype in (np.uint8, np.uint16, np.int32, np.int64):
        limits = np.iinfo(dtype)
        if limits.min <= values.min() and values.max() <= limits.max:
            return values.astype(dtype)
    return values


def narrowed(table: Table) -> Table:
    """The table with its values in the smallest usual dtype that holds them."""
    return dataclasses.replace(table, values=narrow(table.values))


def plain(values: np.ndarray) -> np.ndarray:
    """The same values in this machine's byte order, booleans as 0 and 1, floats in single or double precision."""
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        return values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    return values.astype(values.dtype.newbyteorder("="), copy=False)
