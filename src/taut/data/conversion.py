"""From a numpy array to a `Table`: checked, flattened, and in a dtype that keeps every value."""

from collections.abc import Sequence

import numpy as np

from taut.data.checks import check_dimensions, check_finite, check_not_empty, check_numeric
from taut.data.table import Table
from taut.errors import DataError


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


def plain(values: np.ndarray) -> np.ndarray:
    """The same values in this machine's byte order, booleans as 0 and 1, floats in single or double precision."""
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        return values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    return values.astype(values.dtype.newbyteorder("="), copy=False)
