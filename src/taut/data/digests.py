"""Fingerprints of data: of a whole array, so that a run can say what it saw, and of each row."""

import hashlib

import numpy as np

from taut.data.checks import check_numeric
from taut.errors import ShapeError

# Rows are widened to float64 so many numbers at a time, to keep the copy small.
_CHUNK = 1 << 21


def digest(array: np.ndarray) -> str:
    """SHA-256 of dtype, shape and values, the same for every layout in memory and byte order.

    >>> digest(np.eye(3)) == digest(np.asfortranarray(np.eye(3)))
    True
    """
    array = np.asarray(array)
    if array.dtype.kind != "U":
        check_numeric(array, "the array")
    little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    sha = hashlib.sha256(f"{little.dtype.str}{little.shape}".encode())
    sha.update(little.data)
    return sha.hexdigest()


def row_hashes(values: np.ndarray) -> np.ndarray:
    """A 64-bit hash of each row of (n, features) `values`: equal numbers, equal hash, whatever the dtype.

    Raises ShapeError where `values` is not rows and columns.
    """
    values = np.asarray(values)
    check_numeric(values, "the array")
    if values.ndim != 2:
        raise ShapeError(f"Wanted rows and columns to hash; got shape {values.shape}; reshape the data.")
    step = max(1, _CHUNK // max(1, values.shape[1]))
    chunks = (values[start : start + step] for start in range(0, len(values), step))
    hashes = b"".join(_hash(row) for chunk in chunks for row in _canonical(chunk))
    return np.frombuffer(hashes, "<u8").astype(np.uint64)


def count_seen(values: np.ndarray, seen_hashes: np.ndarray) -> int:
    """How many rows of `values` are among those hashed before.

    >>> count_seen(np.array([[1.0, 2.0], [5.0, 6.0]]), row_hashes(np.array([[1, 2], [3, 4]])))
    1
    """
    return int(np.isin(row_hashes(values), seen_hashes).sum())


def _canonical(chunk: np.ndarray) -> np.ndarray:
    # Adding 0.0 makes -0.0 into 0.0, which equals it but has other bytes.
    return chunk.astype("<f8", order="C") + 0.0


def _hash(row: np.ndarray) -> bytes:
    return hashlib.blake2b(row.data, digest_size=8).digest()
