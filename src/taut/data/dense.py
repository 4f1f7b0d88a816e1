"""From an array, of numpy or of an idx file, to a `Table`: checked, flattened, in a dtype that keeps every value."""

import dataclasses
import gzip
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from taut.array_files import MOST_BYTES
from taut.data.read_errors import decoding
from taut.data.table import Table, check_dimensions, check_finite, check_not_empty, check_numeric
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
    """A table from rows and columns, or from a stack of images (n, height, width), or (n, height, width, 3) in colour.

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
    values = values[..., 0] if values.ndim == 4 and values.shape[3] == 1 else values
    image_shape = values.shape[1:] if values.ndim > 2 else None
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


_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_PART = 1 << 24


def read_idx(path: Path, *, as_column: bool = False) -> Table:
    """A table from an idx file, gzipped or not whatever its name says; three dimensions are images.

    Raises DataError where the file is cut short or is no idx file.
    """
    with decoding(path, "an array in idx format"), path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        values = _parse(gzip.GzipFile(fileobj=file) if packed else file)
    return from_array(values, path.name, as_column=as_column)


def _parse(file: Any) -> np.ndarray:
    start = file.read(4)
    if start[:2] != b"\0\0" or len(start) < 4 or start[2] not in _DTYPES:
        raise ValueError("its first bytes are not those of idx")
    dtype, sizes = np.dtype(_DTYPES[start[2]]), file.read(4 * start[3])
    if len(sizes) < 4 * start[3]:
        raise ValueError("it ends before its sizes do")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    announced = math.prod(shape) * dtype.itemsize
    # One byte more tells whether there are more; what little bytes unpack to is not read to its end.
    content = _read(file, announced + 1)
    if len(content) != announced:
        came = f"{len(content)}" if len(content) < announced else "more"
        raise ValueError(f"it announces {announced} bytes of data and holds {came}")
    return np.frombuffer(content, dtype).reshape(shape)


def _read(file: Any, most: int) -> bytearray:
    """At most so many bytes, of which no more are allocated than come."""
    content = bytearray()
    while part := file.read(min(_PART, most - len(content))):
        content += part
        if len(content) > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES / 2**30:.0f} GiB")
    return content
