"""The arrays that a sparse matrix is made of, checked before scipy takes them for addresses without a look."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

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
