"""What a person passes, as rows of fields: columns, or numbers that are one block; decided by what they are.

One block are images and AnnData, numbers for which a likelihood was named, and many columns in which one thing is
measured again and again: counts, zeros and ones, grey levels or shares. All else is read column by column. Which
container holds the numbers, with or without names, changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pyarrow as pa
from jaxtyping import Float, Num

from taut.data.arrow_values import are_lists, is_list, is_of_numbers, of_lists
from taut.data.binarisation import fills_bytes
from taut.data.conversion import as_table, is_cells
from taut.data.dense import narrow, narrowed
from taut.data.frames import in_memory
from taut.data.numerals import functions
from taut.data.read_errors import in_one_clause
from taut.data.schema import Column, Schema
from taut.data.sheet import Sheet, as_sheet
from taut.data.sparse import is_sparse
from taut.data.support import FARTHEST
from taut.data.table import Table, check_finite, check_same_features, column_name, place
from taut.data.units import Units
from taut.errors import DataError, OptionError, ShapeError, SupportError


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
    """Whether the cells of a column are lists or arrays of numbers.

    >>> is_lists(nw.from_native(pa.chunked_array([[[1, 2], None]]), series_only=True))
    True
    """
    if cells.null_count() == len(cells):
        return False
    if cells.dtype in (nw.List, nw.Array):
        return is_of_numbers(_as_arrow(cells).type)
    if not holds_objects(cells) or not are_lists(cells.to_numpy()):
        return False
    try:
        return is_of_numbers(_as_arrow(cells).type)
    # Lists of which some hold numbers and others text.
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return False


def lists_in(sheet: Sheet, number: int) -> Lists:
    """The numbers of a column of lists of one length; whole ones in their smallest dtype where no cell is missing.

    Lists may lie in lists, as the rows of an image. Raises ShapeError where they differ in length, DataError where they
    hold anything but finite numbers.
    """
    title = column_name(number, sheet.columns if sheet.named else None)
    try:
        array = _as_arrow(sheet.series[number])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"Wanted lists of numbers in column {title} of `{sheet.name}`; some cells hold something else "
            f"({in_one_clause(error)}); convert or drop it."
        ) from None
    there, flat, shape = np.asarray(array.is_valid()), array.drop_null(), []
    while is_list(flat.type):
        lengths = set(functions.list_value_length(flat).to_pylist())
        if len(lengths) > 1 or None in lengths:
            raise ShapeError(
                f"Wanted lists of one length in column {title} of `{sheet.name}`; got some of "
                f"{', '.join(str(each or 0) for each in sorted(lengths, key=lambda x: x or 0)[:3])}; give each as many "
                "numbers, or set the column to `ignore` with `schema`."
            )
        shape.append(lengths.pop() if lengths else 0)
        flat = flat.flatten()
    width = int(np.prod(shape))
    if not is_of_numbers(flat.type):
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


def holds_objects(cells: nw.Series) -> bool:
    """Whether a column of pandas holds any objects of Python."""
    return cells.dtype == nw.Object and cells.implementation.is_pandas_like()


def _as_arrow(cells: nw.Series) -> pa.Array:
    if holds_objects(cells):
        return of_lists(cells.to_numpy())
    array = cells.to_arrow()
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array.storage if isinstance(array, pa.ExtensionArray) else array


FEWEST_COLUMNS = 36
"""Fewer columns are more often a table, whatever numbers they hold; fewer pixels are no picture."""
# Questions answered from 1 to 5 are no counts: those have a zero in nearly every column.
COLUMNS_WITH_ZERO = 0.9


def block_of(X: Any, *, named: bool, counted: bool = False) -> Table | None:
    """X as one block of numbers, or None where it is a table.

    `named` says that a likelihood was asked for, `counted` that one of counts was; then numbers without holes are one
    block, whatever they look like. Raises DataError or ShapeError for numbers that cannot be used.
    """
    if isinstance(X, Sheet) and X.block is not None:
        return narrowed(X.block)
    if isinstance(X, Table) and (X.image_shape is not None or X.beside is not None):
        return narrowed(X)
    table = _numbers(X)
    if table is None:
        return None
    counts = counted and bool(np.all((table.values >= 0) & (table.values == np.floor(table.values))))
    image = table.image_shape is not None
    return narrowed(table) if named or counts or image or one_thing(table.values) else None


def one_thing(values: np.ndarray) -> bool:
    """Whether many columns hold counts, zeros and ones, grey levels or shares of one kind.

    >>> one_thing(np.random.default_rng(0).poisson(1.0, (50, 40))), one_thing(np.ones((50, 40)) + np.arange(40) % 5)
    (True, False)
    """
    if values.shape[1] < FEWEST_COLUMNS or not (values >= 0).all():
        return False
    if not np.all(values == np.round(values)):
        return bool(values.max() <= 1)
    return fills_bytes(values) or float((values == 0).any(axis=0).mean()) >= COLUMNS_WITH_ZERO


def fields_of(
    X: Any, *, by_column: bool = False, named: bool = False, counted: bool = False, na_values: Sequence[Any] = ()
) -> Sheet:
    """The rows of X for a fit; `by_column` reads any numbers as columns, see `block_of` for the other words.

    Raises DataError or ShapeError for what cannot be used, OptionError for `na_values` of cells by genes.
    """
    X = as_table(X) if is_cells(X) else in_memory(X)
    cells = isinstance(X, Table) and X.beside is not None
    if cells and na_values:
        raise OptionError(
            "`na_values` wants a table of columns; got counts of cells; leave it out.", option="na_values"
        )
    if by_column and not cells:
        return as_sheet(X).with_na_values(na_values)
    block = block_of(X, named=named, counted=counted)
    return table_of(X) if block is None else _beside(block)


def fields_like(schema: Schema, X: Any) -> Sheet:
    """The rows of X as those of the fit came: the numbers of a block that was spread over columns as a block again.

    Raises DataError or ShapeError where they cannot be.
    """
    spread = schema.spread
    if spread is None or spread.block is None:
        sheet = table_of(X)
        return dataclasses.replace(sheet, of_array=sheet.of_array or isinstance(X, Table))
    table = as_table(X, holes=True)
    check_same_features(table, spread.width, columns=spread.block.names, model="VAE")
    return _beside(table)


def table_of(X: Any) -> Sheet:
    """X as a table, sparse numbers made dense."""
    return as_sheet(as_table(X)) if is_sparse(X) else as_sheet(X)


def _beside(block: Table) -> Sheet:
    """A block with the columns that stand beside it."""
    frame = nw.from_native(pa.table({}), eager_only=True) if block.beside is None else block.beside.frame
    return Sheet(frame=frame, name=block.name, notes=list(block.notes), block=block, labels=block.labels)


def _numbers(X: Any) -> Table | None:
    """X as numbers, None where some cell is missing, or is no number."""
    if is_sparse(X):
        return as_table(X)
    if isinstance(X, Table):
        return None if X.values.dtype.kind == "f" and np.isnan(X.values).any() else X
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        return None
    if not _has_columns(X):
        array = _as_array(X)
        if array.ndim != 2 or array.dtype.kind not in "OUSTfiub":
            return as_table(X)
        if array.dtype.kind in "fiub":
            return None if array.dtype.kind == "f" and np.isnan(array).any() else as_table(array)
    sheet = as_sheet(X)
    plain = all(cells.dtype.is_numeric() or cells.dtype == nw.Boolean for cells in sheet.series)
    whole = plain and not any(cells.null_count() or _has_nan(cells) for cells in sheet.series)
    return as_table(sheet) if whole else None


def _has_columns(X: Any) -> bool:
    """Whether X is made of columns: a frame, a mapping of columns, or rows that name them."""
    if isinstance(X, list):
        return bool(X) and isinstance(X[0], Mapping)
    return isinstance(X, Sheet | Mapping) or nw.dependencies.is_into_dataframe(X)


def _has_nan(cells: nw.Series) -> bool:
    return cells.dtype.is_float() and bool(cells.is_nan().any())


def _as_array(X: Any) -> np.ndarray:
    try:
        return np.asarray(X)
    except ValueError:  # rows of many lengths, which get their sentence from the reader
        return np.empty(0)
