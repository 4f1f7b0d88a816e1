"""Whether numbers are one block, of one likelihood for all of them, or a table: decided by what they are.

One block are images and AnnData, numbers for which a likelihood was named, and many columns in which one thing is
measured again and again: counts, zeros and ones, grey levels or shares. All else is read column by column. Which
container holds the numbers, with or without names, changes nothing.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np

from taut.data import Sheet, Table, as_sheet, as_table, is_sparse, narrowed
from taut.likelihoods import choose

# Fewer columns are more often a table, whatever numbers they hold; fewer pixels are no picture.
FEWEST_COLUMNS = 36
COUNTED = ("bernoulli", "binomial", "poisson", "negative-binomial")
SHADED = ("discretised-logistic", "continuous-bernoulli")
# Questions answered from 1 to 5 are no counts: those have a zero in nearly every column.
COLUMNS_WITH_ZERO = 0.9


def block_of(X: Any, *, named: bool, counted: bool = False) -> Table | None:
    """X as one block of numbers, or None where it is a table.

    `named` says that a likelihood was asked for, `counted` that one of counts was; then numbers without holes are one
    block, whatever they look like. Raises DataError or ShapeError for numbers that cannot be used.
    """
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
    name = choose(values).name
    zeros = float((values == 0).any(axis=0).mean())
    return name in SHADED or (name in COUNTED and zeros >= COLUMNS_WITH_ZERO)


def table_of(X: Any) -> Sheet:
    """X as a table, sparse numbers made dense."""
    return as_sheet(as_table(X)) if is_sparse(X) else as_sheet(X)


def _numbers(X: Any) -> Table | None:
    """X as numbers, None where some cell is missing, or is no number."""
    if is_sparse(X):
        return as_table(X)
    if isinstance(X, Table):
        return None if X.values.dtype.kind == "f" and np.isnan(X.values).any() else X
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        return None
    if not isinstance(X, Sheet) and not nw.dependencies.is_into_dataframe(X):
        array = _as_array(X)
        if array.ndim != 2 or array.dtype.kind not in "OUSTfiub":
            return as_table(X)
        if array.dtype.kind in "fiub":
            return None if array.dtype.kind == "f" and np.isnan(array).any() else as_table(array)
    sheet = as_sheet(X)
    plain = all(cells.dtype.is_numeric() or cells.dtype == nw.Boolean for cells in sheet.series)
    whole = plain and not any(cells.null_count() or _has_nan(cells) for cells in sheet.series)
    return as_table(sheet) if whole else None


def _has_nan(cells: nw.Series) -> bool:
    return cells.dtype.is_float() and bool(cells.is_nan().any())


def _as_array(X: Any) -> np.ndarray:
    try:
        return np.asarray(X)
    except ValueError:  # rows of many lengths, which get their sentence from the reader
        return np.empty(0)
