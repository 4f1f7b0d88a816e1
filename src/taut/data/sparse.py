"""Sparse matrices of counts, made dense in the smallest dtype that holds them."""

from pathlib import Path
from typing import Any

import numpy as np

from taut.data.dense import from_array
from taut.data.read_errors import decoding, in_one_clause
from taut.data.sparse_parts import PARTS, check_parts
from taut.data.table import Table
from taut.errors import DataError

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

    Several entries of one cell are added up, as scipy does, and the notes say so. Raises DataError where the arrays of
    the matrix contradict one another, a value is not whole, or the dense table would need more than 8 GiB.

    >>> from scipy import sparse
    >>> table = from_sparse(sparse.csr_array(np.diag([1, 300])), "counts")
    >>> table.values.dtype, table.notes
    (dtype('uint16'), ['The matrix was sparse, 50.0% of its cells not 0, and was made dense.'])
    """
    X = _with_parts(X, name)
    form = X.format
    check_parts(form, parts_of(X), X.shape, name)
    _check_fits(X.shape, np.uint8, name)
    _check_numeric(X.data, name)
    stored = X.data.size
    # In a dtype of 8 bits, entries of one cell would add up to a wrong number.
    X = X.astype(np.float64 if X.dtype.kind == "f" else np.int64).tocsr(copy=True)
    # What scipy remembers of the order of entries is from before anyone changed them.
    X.has_sorted_indices = X.has_canonical_format = False
    X.sum_duplicates()
    dtype = smallest(X.data, name)
    _check_fits(X.shape, dtype, name)
    share = X.count_nonzero() / max(1, X.shape[0] * X.shape[1])
    notes = [f"The matrix was sparse, {share:.1%} of its cells not 0, and was made dense."]
    if stored > X.nnz and form != "dia":
        notes.append(f"Entries of one cell were added up; there were {stored - X.nnz} more entries than cells.")
    return from_array(X.astype(dtype).toarray(), name, notes=notes)


def parts_of(X: Any) -> dict[str, np.ndarray]:
    """The arrays of a sparse matrix, by the names they have in files."""
    if X.format == "coo":
        return {"data": X.data, **dict(zip(("row", "col"), X.coords, strict=False))}
    return {part: getattr(X, part) for part in PARTS[X.format]}


def read_sparse(path: Path) -> Table:
    """A table from a file written by scipy.sparse.save_npz."""
    from scipy import sparse  # noqa: PLC0415  heavy, and most files are not sparse

    with decoding(path, "a sparse matrix as scipy.sparse.save_npz writes it"):
        with np.load(path, allow_pickle=False) as archive:
            form, parts = _text(archive["format"]), {key: archive[key] for key in archive.files if key != "format"}
        if form not in PARTS:
            raise ValueError(f"its format is {form[:20]}")
        if "coords" in parts:
            parts |= dict(zip(("row", "col"), parts["coords"], strict=False))
        check_parts(form, parts, parts["shape"], path.name)
        shape = tuple(parts["shape"].tolist())
        _check_fits(shape, np.uint8, path.name)
        own = [parts[part] for part in PARTS[form][1:]]
        places = own[0] if form == "dia" else tuple(own)
        inner = (parts["data"], places) if form in ("coo", "dia") else (parts["data"], *own)
        matrix = getattr(sparse, f"{form}_array")(inner, shape=shape)
    return from_sparse(matrix, path.name)


def _text(array: np.ndarray) -> str:
    text = array.item()
    return text.decode("ascii") if isinstance(text, bytes) else str(text)


def _with_parts(X: Any, name: str) -> Any:
    """The matrix in a format that is made of arrays, as lists and dictionaries of scipy are not."""
    form = getattr(X, "format", "")
    if form in PARTS:
        return X
    if form == "lil" and any(len(row) != len(data) for row, data in zip(X.rows, X.data, strict=True)):
        raise DataError(
            f"Wanted a number for each entry of a sparse matrix; a row of `{name}` has others; make it anew."
        )
    try:
        return X.tocsr() if form == "lil" else X.tocoo()
    except (ValueError, IndexError, TypeError) as error:
        raise DataError(
            f"Wanted a sparse matrix whose entries lie inside its shape; `{name}` is none ({in_one_clause(error)}); "
            "make it anew."
        ) from None


def _check_fits(shape: tuple[int, ...], dtype: Any, name: str) -> None:
    """Raise DataError where a dense table of this shape would not fit into memory."""
    needed = int(shape[0]) * int(shape[1]) * np.dtype(dtype).itemsize
    # Before there is a table there may be a pointer for each row.
    if max(needed, 8 * int(shape[0])) > _MOST_BYTES:
        raise DataError(
            f"Wanted a table that fits into memory; `{name}`, {shape[0]} by {shape[1]}, would take "
            f"{needed / 2**30:.1f} GiB as a dense one; give fewer rows or columns."
        )


def smallest(values: np.ndarray, name: str) -> Any:
    """The smallest dtype that holds these values and 0. Raises DataError where one is not whole."""
    _check_numeric(values, name)
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


def _check_numeric(values: np.ndarray, name: str) -> None:
    if values.dtype.kind not in "biuf":
        raise DataError(f"Sparse data not supported of dtype {values.dtype}; `{name}` must hold counts; convert it.")
    if values.dtype == np.uint64 and len(values) and values.max() > np.iinfo(np.int64).max:
        raise DataError(f"Wanted counts below 2**63; `{name}` holds {values.max()}; rescale the data.")
