"""What people pass to an estimator, made into a `Table`."""

from typing import Any

import narwhals as nw
import numpy as np

from taut.data.conversion import from_array
from taut.data.frames import from_frame
from taut.data.table import Table
from taut.errors import DataError


def as_table(X: Any, name: str = "X") -> Table:
    """A table from an array, a data frame (pandas, polars, pyarrow) or a list of rows.

    A three-dimensional array is a stack of grey images. `name` is what messages call the data. Raises
    DataError or ShapeError, naming the first offender, where `X` cannot be used.

    >>> as_table([[1, 2], [3, 4]]).values.shape
    (2, 2)
    """
    if isinstance(X, Table):
        return X
    if hasattr(X, "toarray"):
        raise DataError(f"Sparse data not supported: `{name}` is a {type(X).__name__}; pass `{name}.toarray()`.")
    if not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X):
        return from_frame(X, name)
    return from_array(_as_array(X, name), name)


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
