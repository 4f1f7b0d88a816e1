"""Frames that are not in memory yet, or in another form than tables, made into frames."""

from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.read_errors import in_one_clause
from taut.errors import DataError


def in_memory(X: Any, name: str = "X") -> Any:
    """X itself; a lazy frame collected, a record batch of Arrow as a table.

    Raises DataError where the query of a lazy frame fails, a stream could be read only once, or columns have names of
    several levels.
    """
    X = nw.to_native(X, pass_through=True)
    _check_one_level(X, name)
    if isinstance(X, pa.RecordBatch):
        return pa.Table.from_batches([X])
    if isinstance(X, pa.RecordBatchReader):
        raise DataError(f"Wanted a frame that can be read twice; `{name}` is a stream; pass `{name}.read_all()`.")
    if not is_lazy(X):
        return X
    try:
        return nw.from_native(X).collect().to_native()
    # The query may do anything, and its library may raise anything.
    except Exception as error:
        raise DataError(
            f"Wanted a frame that can be collected; `{name}` is a {type(X).__name__} whose query fails "
            f"({in_one_clause(error)}); mend the query."
        ) from None


def is_lazy(X: Any) -> bool:
    """Whether X is a query of polars, or of another library that narwhals knows, and no frame yet."""
    if isinstance(X, np.ndarray) or nw.dependencies.is_into_dataframe(X):
        return False
    return isinstance(nw.from_native(X, pass_through=True), nw.LazyFrame)


def _check_one_level(X: Any, name: str) -> None:
    levels = X.columns.nlevels if nw.dependencies.is_pandas_like_dataframe(X) else 1
    if levels > 1:
        raise DataError(
            f"Wanted one name for each column; those of `{name}` have {levels} levels; join them, as in "
            f"`{name}.columns = ['_'.join(map(str, each)) for each in {name}.columns]`."
        )
