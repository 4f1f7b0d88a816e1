"""Reading numpy's own files. Nothing is ever unpickled, so an object array is refused."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from taut.data.dense import from_array
from taut.data.read_errors import decoding
from taut.data.sparse import is_saved_sparse, read_sparse
from taut.data.table import Table
from taut.errors import DataError

# So many names are listed in a message before it trails off.
_LISTED = 12


def read_npy(path: Path, *, as_column: bool = False) -> Table:
    """A table from one array in numpy's format.

    Raises DataError where the file is damaged or holds Python objects.
    """
    with decoding(path, "an array in numpy's .npy format"), path.open("rb") as file:
        _check_magic(file.read(6))
        file.seek(0)
        values = _refusing_objects(lambda: np.load(file, allow_pickle=False), str(path))
    return from_array(values, path.name, as_column=as_column)


def read_npz(path: Path, key: str | None = None, *, as_column: bool = False) -> Table:
    """A table from the array `key` of an archive, from its only array, or from the sparse matrix that it holds.

    Raises DataError where the key is missing or unknown, listing the keys.
    """
    # The file is opened here, because numpy leaves one that it cannot read open.
    with decoding(path, "an archive in numpy's .npz format"), path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("no zip archive")
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            if key is None and is_saved_sparse(archive.files):
                return read_sparse(path)
            key = _chosen(archive.files, key, path)
            name = f"{path.name}:{key}"
            values = _refusing_objects(lambda: archive[key], name)
    return from_array(np.asarray(values), name, as_column=as_column)


def _check_magic(start: bytes) -> None:
    # Without it numpy takes any file for a pickle, and its message tells people to allow one.
    if start != b"\x93NUMPY":
        raise ValueError("its first bytes are not those of an array")


def _refusing_objects(load: Callable[[], np.ndarray], name: str) -> np.ndarray:
    try:
        return load()
    except ValueError as error:
        if "Object arrays" not in str(error):
            raise
        raise DataError(f"Wanted numbers; `{name}` holds Python objects; save it with a numeric dtype.") from None


def _chosen(keys: list[str], key: str | None, path: Path) -> str:
    listed = ", ".join(keys[:_LISTED]) + (", …" if len(keys) > _LISTED else "")
    if not keys:
        raise DataError(f"Wanted an array; the archive `{path}` holds none; write it anew.")
    if key is None:
        if len(keys) > 1:
            raise DataError(f"Wanted one array; `{path}` holds {listed}; name one, as in `{path.name}:{keys[0]}`.")
        return keys[0]
    if key not in keys:
        raise DataError(f"Wanted the array `{key}` of `{path}`, which holds {listed}; name one of these.")
    return key
