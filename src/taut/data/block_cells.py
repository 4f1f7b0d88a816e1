"""The numbers of a block: as they came beside the columns of a table, or as the lists in one of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pyarrow as pa
from jaxtyping import Float, Num

from taut.data.arrow import functions
from taut.data.checks import check_finite, column_name, place
from taut.data.dense import narrow
from taut.data.schema import Column
from taut.data.sheet import Sheet
from taut.data.support import FARTHEST
from taut.data.units import Units
from taut.errors import DataError, ShapeError, SupportError


class Lists(NamedTuple):
    """The numbers of a column of lists, row after row with NaN for holes, and the shape of one cell."""

    values: Num[np.ndarray, "n width"]
    shape: tuple[int, ...]


def block_numbers(field: Column, sheet: Sheet, number: int) -> Num[np.ndarray, "n width"]:
    """The block of a fit as a model sees it: of real numbers (x − offset)/unit, of others the values in their dtype.

    Raises SupportError for a number that single precision cannot hold, and as `lists_in` does.
    """
    assert field.block is not None
    names = field.block.names
    values = lists_like(field, sheet, number) if sheet.block is None else sheet.block.values
    return values if field.block.units is None else in_units(values, field.block.units, sheet.name, names)


def lists_like(field: Column, sheet: Sheet, number: int) -> Num[np.ndarray, "n width"]:
    """The lists of a column as numbers in the units of the data, as many as in the fit; raises as `lists_in` does."""
    if sheet.series[number].null_count() == len(sheet):
        return np.full((len(sheet), field.width), np.nan)
    values = lists_in(sheet, number).values
    if values.shape[1] != field.width:
        raise ShapeError(
            f"Wanted lists of {field.width} numbers in column `{field.name}` of `{sheet.name}`, as in the fit; got "
            f"{values.shape[1]}; give the same."
        )
    return values


def in_units(
    values: Num[np.ndarray, "n width"], units: Units, name: str, names: list[str] | None = None
) -> Float[np.ndarray, "n width"]:
    """Real numbers as the model sees them. Raises SupportError for one that single precision cannot hold."""
    with np.errstate(over="ignore"):
        coded = units.code(values)
    beyond = np.argwhere(np.abs(coded) > FARTHEST)
    if len(beyond):
        row, column = (int(number) for number in beyond[0])
        raise SupportError(
            f"Numbers within {FARTHEST:g} times the spread of their column are wanted, where single precision ends; "
            f"`{name}` holds {values[row, column]:g} in {place(row, column, names)}; mend it, or leave the row out."
        )
    return coded


def is_lists(cells: nw.Series) -> bool:
    """Whether the cells of a column are lists or arrays.

    >>> is_lists(nw.from_native(pa.chunked_array([[[1, 2], None]]), series_only=True))
    True
    """
    if cells.dtype in (nw.List, nw.Array):
        return True
    if cells.dtype != nw.Object or not cells.implementation.is_pandas_like():
        return False
    first = next((cell for cell in cells.to_native() if cell is not None and not _is_nan(cell)), None)
    return isinstance(first, list | tuple | np.ndarray)


def lists_in(sheet: Sheet, number: int) -> Lists:
    """The numbers of a column of lists of one length; whole ones in their smallest dtype where no cell is missing.

    Lists may lie in lists, as the rows of an image. Raises ShapeError where they differ in length, DataError where they
    hold anything but finite numbers.
    """
    title = column_name(number, sheet.columns if sheet.named else None)
    array = _as_arrow(sheet.series[number])
    there, flat, shape = np.asarray(array.is_valid()), array.drop_null(), []
    while _is_list(flat.type):
        lengths = set(functions.list_value_length(flat).to_pylist())
        if len(lengths) > 1 or None in lengths:
            raise ShapeError(
                f"Wanted lists of one length in column {title} of `{sheet.name}`; got some of "
                f"{', '.join(str(each or 0) for each in sorted(lengths, key=lambda x: x or 0)[:3])}; give each as many "
                "numbers."
            )
        shape.append(lengths.pop() if lengths else 0)
        flat = flat.flatten()
    width = int(np.prod(shape))
    if not (pa.types.is_integer(flat.type) or pa.types.is_floating(flat.type) or pa.types.is_boolean(flat.type)):
        raise DataError(
            f"Wanted lists of numbers in column {title} of `{sheet.name}`; they hold {flat.type}; convert or drop it."
        )
    whole = not flat.null_count and bool(there.all())
    numbers = np.asarray(flat if whole else flat.cast(pa.float64()).fill_null(np.nan)).reshape(-1, width)
    check_finite(numbers, f"{sheet.name}, column {title}", holes=True)
    if whole:
        return Lists(narrow(numbers), tuple(shape))
    values = np.full((len(there), width), np.nan)
    values[there] = numbers
    return Lists(values, tuple(shape))


def as_lists(values: Num[np.ndarray, "n width"], shape: tuple[int, ...] | None = None) -> pa.Array:
    """A column of lists from the numbers of a block, null where one is NaN, and for a row of nothing else.

    >>> as_lists(np.array([[1.0, np.nan], [np.nan, np.nan]])).to_pylist()
    [[1.0, None], None]
    """
    holes = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    flat = pa.array(np.ascontiguousarray(values).ravel(), mask=holes.ravel())
    *inner, outermost = reversed(shape or (values.shape[1],))
    for length in inner:
        flat = pa.FixedSizeListArray.from_arrays(flat, length)
    return pa.FixedSizeListArray.from_arrays(flat, outermost, mask=pa.array(holes.all(axis=1)))


def _as_arrow(cells: nw.Series) -> pa.Array:
    array = cells.to_arrow()
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _is_nan(cell: Any) -> bool:
    return isinstance(cell, float) and np.isnan(cell)
