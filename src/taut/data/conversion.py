"""What people pass to an estimator, made into a `Table`."""

from typing import Any

import narwhals as nw
import numpy as np

from taut.data.cell_files import from_cells, is_cells
from taut.data.collecting import in_memory
from taut.data.dense import from_array
from taut.data.frames import from_frame
from taut.data.sheet import Sheet
from taut.data.sparse import from_sparse, is_sparse
from taut.data.table import Table
from taut.errors import DataError


def as_table(X: Any, name: str = "X", *, holes: bool = False) -> Table:
    """A table from an array, sparse counts, a data frame (pandas, polars, pyarrow), a sheet, AnnData or rows.

    A three-dimensional array is a stack of grey images. `name` is what messages call the data. With `holes`,
    missing cells are let through as NaN. Raises DataError or ShapeError, naming the first offender, where `X`
    cannot be used.

    >>> as_table([[1, 2], [3, 4]]).values.shape
    (2, 2)
    """
    if isinstance(X, Table):
        return X
    if isinstance(X, Sheet):
        return X.block or from_frame(X.native, X.name, named=X.named, notes=X.notes, holes=holes)
    if is_cells(X):
        return from_cells(X, name)
    if is_sparse(X):
        return from_sparse(X, name)
    X = in_memory(X, name)
    if not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X):
        return from_frame(X, name, holes=holes)
    return from_array(_with_holes(_as_array(X, name)) if holes else _as_array(X, name), name, holes=holes)


def _as_array(X: Any, name: str) -> np.ndarray:
    if isinstance(X, np.ndarray):
        return X
    try:
        array = np.asarray(X)
    except ValueError:
        raise DataError(f"Wanted rows of one length; those of `{name}` differ; give each the same columns.") from None
    if array.dtype == object and array.ndim == 0:
        raise DataError(
            f"Wanted an array, a data frame or a list of rows; `{name}` is a {type(X).__name__}; convert it."
        )
    return array


def _with_holes(array: np.ndarray) -> np.ndarray:
    """Numbers where the objects of an array are numbers and None."""
    if array.dtype != object:
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array
