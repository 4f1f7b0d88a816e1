"""What a person passes, as rows of fields: columns, or numbers that are one block; decided by what they are.

One block are images and AnnData, numbers for which a likelihood was named, and many columns in which one thing is
measured again and again: counts, zeros and ones, grey levels or shares. All else is read column by column. Which
container holds the numbers, with or without names, changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.binarisation import fills_bytes
from taut.data.cell_files import is_cells
from taut.data.checks import check_same_features
from taut.data.collecting import in_memory
from taut.data.conversion import as_table
from taut.data.dense import narrowed
from taut.data.schema import Schema
from taut.data.sheet import Sheet, as_sheet
from taut.data.sparse import is_sparse
from taut.data.table import Table
from taut.errors import OptionError

# Fewer columns are more often a table, whatever numbers they hold; fewer pixels are no picture.
FEWEST_COLUMNS = 36
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
        raise OptionError("`na_values` wants a table of columns; got counts of cells; leave it out.")
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
