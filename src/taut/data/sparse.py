"""Sparse matrices of counts, made dense in the smallest dtype that holds them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from taut.array_files import MOST_BYTES, ArrayArchive
from taut.data.dense import from_array
from taut.data.read_errors import in_one_clause
from taut.data.table import Table
from taut.errors import DataError, ShapeError

_COMPRESSED = ("data", "indices", "indptr")
# The arrays of each format, by the names that scipy gives them as attributes and in files.
PARTS: dict[str, tuple[str, ...]] = {
    "csr": _COMPRESSED,
    "csc": _COMPRESSED,
    "bsr": _COMPRESSED,
    "coo": ("data", "row", "col"),
    "dia": ("data", "offsets"),
}


def check_parts(form: str, parts: Mapping[str, np.ndarray], shape: Any, name: str) -> None:
    """Raise DataError where the arrays of a sparse matrix contradict its shape or one another; what is wrong is named.

    Pointers run from 0 to the number of entries and never fall, indices lie inside the shape, and lengths agree.

    >>> row = {"data": np.ones(2), "indices": np.array([0, 1]), "indptr": np.array([0, 2])}
    >>> check_parts("csr", row, (1, 2), "counts")
    """
    shape = _checked_shape(shape, name)
    for part in PARTS[form]:
        if part not in parts:
            raise DataError(
                f"Wanted the array `{part}` of a {form} matrix; `{name}` is damaged and has none; write it anew."
            )
        if part != "data" and np.asarray(parts[part]).dtype.kind not in "iu":
            _refuse(f"whole numbers in `{part}`", name, f"dtype {np.asarray(parts[part]).dtype}")
    _CHECKS[form]({part: np.asarray(parts[part]) for part in PARTS[form]}, shape, name)


def _checked_shape(shape: Any, name: str) -> tuple[int, int]:
    shape = np.asarray(shape)
    if shape.dtype.kind not in "iu" or shape.ndim != 1 or (shape < 0).any():
        _refuse("a shape of whole numbers from 0 up", name, str(shape.tolist())[:80])
    if len(shape) != 2:
        raise ShapeError(
            f"Reshape your data to rows and columns: `{name}` came with shape {tuple(shape.tolist())}; 2 are wanted."
        )
    return int(shape[0]), int(shape[1])


def _check_rows(parts: Mapping[str, np.ndarray], shape: tuple[int, int], name: str) -> None:
    _check_compressed(parts, *shape, len(parts["data"]) if parts["data"].ndim == 1 else -1, name)


def _check_columns(parts: Mapping[str, np.ndarray], shape: tuple[int, int], name: str) -> None:
    _check_rows(parts, (shape[1], shape[0]), name)


def _check_blocks(parts: Mapping[str, np.ndarray], shape: tuple[int, int], name: str) -> None:
    data = parts["data"]
    if data.ndim != 3 or 0 in data.shape[1:] or shape[0] % data.shape[1] or shape[1] % data.shape[2]:
        _refuse(f"blocks that divide {shape[0]} by {shape[1]}", name, f"`data` of shape {data.shape}")
    _check_compressed(parts, shape[0] // data.shape[1], shape[1] // data.shape[2], len(data), name)


def _check_compressed(parts: Mapping[str, np.ndarray], outer: int, inner: int, entries: int, name: str) -> None:
    """`outer` lines of entries, each at an index below `inner`."""
    pointers, indices = parts["indptr"], parts["indices"]
    if pointers.shape != (outer + 1,):
        _refuse(f"{outer + 1} pointers in `indptr`", name, f"shape {pointers.shape}")
    if indices.shape != (entries,):
        _refuse("as many `indices` as entries in `data`", name, f"shapes {indices.shape} and {parts['data'].shape}")
    if int(pointers[0]) != 0 or int(pointers[-1]) != entries:
        _refuse(f"pointers from 0 to {entries}", name, f"`indptr` from {pointers[0]} to {pointers[-1]}")
    # Compared and not subtracted, because the differences of unsigned numbers are never negative.
    falls = pointers[1:] < pointers[:-1]
    if falls.any():
        _refuse("pointers that never fall", name, f"a smaller one in place {int(np.argmax(falls)) + 1} of `indptr`")
    _check_inside(indices, inner, "indices", name)


def _check_places(parts: Mapping[str, np.ndarray], shape: tuple[int, int], name: str) -> None:
    shapes = [parts[part].shape for part in ("data", "row", "col")]
    if len(shapes[0]) != 1 or len(set(shapes)) > 1:
        _refuse("one row and one column for each entry", name, "shapes " + ", ".join(map(str, shapes)))
    for part, end in zip(("row", "col"), shape, strict=True):
        _check_inside(parts[part], end, part, name)


def _check_diagonals(parts: Mapping[str, np.ndarray], shape: tuple[int, int], name: str) -> None:
    offsets = parts["offsets"]
    if parts["data"].ndim != 2 or offsets.shape != (len(parts["data"]),):
        _refuse("one offset for each diagonal", name, f"shapes {offsets.shape} and {parts['data'].shape}")
    if len(np.unique(offsets)) < len(offsets):
        _refuse("each diagonal once", name, "one of them twice in `offsets`")
    outside = (offsets <= -shape[0]) | (offsets >= shape[1]) if min(shape) else np.zeros(len(offsets), bool)
    if outside.any():
        _refuse(f"diagonals of a matrix of {shape[0]} by {shape[1]}", name, f"the offset {offsets[outside][0]}")


def _check_inside(indices: np.ndarray, end: int, part: str, name: str) -> None:
    outside = (indices < 0) | (indices >= end)
    if outside.any():
        place = int(np.argmax(outside))
        _refuse(f"`{part}` from 0 to {end - 1}", name, f"{indices[place]} in place {place}")


def _refuse(wanted: str, name: str, came: str) -> None:
    raise DataError(f"Wanted {wanted} of a sparse matrix; `{name}` has {came}; write it anew.")


_CHECKS: dict[str, Callable[[Mapping[str, np.ndarray], tuple[int, int], str], None]] = {
    "csr": _check_rows,
    "csc": _check_columns,
    "bsr": _check_blocks,
    "coo": _check_places,
    "dia": _check_diagonals,
}


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


def read_sparse(archive: ArrayArchive, name: str) -> Table:
    """A table from the arrays that scipy.sparse.save_npz writes. Raises ValueError where they are no such matrix."""
    matrix = sparse_in(archive, name)
    _check_fits(matrix.shape, np.uint8, name)
    return from_sparse(matrix, name)


def sparse_in(archive: ArrayArchive, name: str) -> Any:
    """The matrix that scipy.sparse.save_npz wrote. Raises ValueError where the arrays are no such matrix."""
    from scipy import sparse  # noqa: PLC0415  heavy, and most files are not sparse

    form, parts = _text(archive.read("format")), {key: archive.read(key) for key in archive.names if key != "format"}
    if form not in PARTS:
        raise ValueError(f"its format is {form[:20]}")
    if "coords" in parts:
        parts |= dict(zip(("row", "col"), parts["coords"], strict=False))
    check_parts(form, parts, parts["shape"], name)
    _check_numeric(parts["data"], name)
    shape = tuple(parts["shape"].tolist())
    _check_fits((shape[0], 1), np.uint8, name)
    own = [parts[part] for part in PARTS[form][1:]]
    places = own[0] if form == "dia" else tuple(own)
    inner = (parts["data"], places) if form in ("coo", "dia") else (parts["data"], *own)
    return getattr(sparse, f"{form}_array")(inner, shape=shape)


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
    if max(needed, 8 * int(shape[0])) > MOST_BYTES:
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
