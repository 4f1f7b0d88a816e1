"""Sparse matrices of counts, made dense in the smallest dtype that holds them."""

from pathlib import Path
from typing import Any

import numpy as np

from taut.data.conversion import from_array
from taut.data.faults import decoding
from taut.data.table import Table
from taut.errors import DataError, ShapeError

# Above this a dense copy would rather stop a laptop than help.
_MOST_BYTES = 8 * 2**30
_MEMBERS = {"format", "shape", "data"}
_DTYPES = (np.uint8, np.uint16, np.int32, np.int64)


def is_sparse(X: Any) -> bool:
    """Whether `X` is a sparse matrix or array of scipy's manners."""
    return hasattr(X, "toarray") and hasattr(X, "tocoo")


def is_saved_sparse(keys: list[str]) -> bool:
    """Whether the arrays of an archive are those that scipy.sparse.save_npz writes.

    >>> is_saved_sparse(["indices", "indptr", "format", "shape", "data"])
    True
    """
    return set(keys) >= _MEMBERS


def from_sparse(X: Any, name: str) -> Table:
    """A dense table of a sparse matrix of whole numbers, with a note of how many cells are not 0.

    Raises DataError where a value is not whole, or the dense table would need more than 8 GiB.

    >>> from scipy import sparse
    >>> table = from_sparse(sparse.csr_array(np.diag([1, 300])), "counts")
    >>> table.values.dtype, table.notes
    (dtype('uint16'), ['The matrix was sparse, 50.0% of its cells not 0, and was made dense.'])
    """
    if len(X.shape) != 2:
        raise ShapeError(f"Reshape your data to rows and columns: `{name}` came with shape {X.shape}; 2 are wanted.")
    # Duplicate entries of a coo matrix are summed by this, and only then are its values what they seem.
    X = X.tocsr(copy=True)
    X.sum_duplicates()
    dtype = smallest(np.asarray(X.data), name)
    rows, columns = X.shape
    needed = rows * columns * np.dtype(dtype).itemsize
    if needed > _MOST_BYTES:
        raise DataError(
            f"Wanted a table that fits into memory; `{name}`, {rows} by {columns}, would take {needed / 2**30:.1f} GiB "
            "as a dense one; give fewer rows or columns."
        )
    share = X.count_nonzero() / max(1, rows * columns)
    note = f"The matrix was sparse, {share:.1%} of its cells not 0, and was made dense."
    return from_array(X.astype(dtype).toarray(), name, notes=[note])


def read_sparse(path: Path) -> Table:
    """A table from a file written by scipy.sparse.save_npz."""
    from scipy import sparse  # noqa: PLC0415  heavy, and most files are not sparse

    with decoding(path, "a sparse matrix as scipy.sparse.save_npz writes it"):
        matrix = sparse.load_npz(path)
    return from_sparse(matrix, path.name)


def smallest(values: np.ndarray, name: str) -> Any:
    """The smallest dtype that holds these values and 0. Raises DataError where one is not whole."""
    if values.dtype.kind not in "biuf":
        raise DataError(f"Sparse data not supported of dtype {values.dtype}; `{name}` must hold counts; convert it.")
    if values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.floor(values))).all():
        wrong = values[np.argmax(~(np.isfinite(values) & (values == np.floor(values))))]
        raise DataError(
            f"Sparse data not supported unless they are whole numbers; `{name}` holds {wrong}; pass `{name}.toarray()`."
        )
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    least = min(least, 0)
    for dtype in _DTYPES:
        if np.iinfo(dtype).min <= least and most <= np.iinfo(dtype).max:
            return dtype
    raise DataError(f"Wanted counts below 2**63; `{name}` holds {most}; rescale the data.")
