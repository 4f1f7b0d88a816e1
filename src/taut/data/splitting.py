"""Which rows train and which are held out, and fingerprints of what was seen."""

import hashlib

import numpy as np

from taut.data.table import check_numeric
from taut.errors import OptionError, ShapeError


def generator(seed: int) -> np.random.Generator:
    """A generator of numpy's PCG64, the same numbers for the same seed.

    Raises OptionError for a seed that is no whole number from 0 up.
    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise OptionError(f"Wanted a seed that is a whole number from 0 up; got {seed!r}; choose one, such as 0.")
    return np.random.Generator(np.random.PCG64(int(seed)))


def split(n: int, fraction: float | int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers `(train, held_out)` of n rows, each sorted, together every row once.

    A `fraction` above 0 holds out at least one row. Raises OptionError where the fraction lies outside
    [0, 1) or leaves no row to train on.

    >>> train, held_out = split(10, 0.2, seed=0)
    >>> len(train), len(held_out)
    (8, 2)
    """
    if not 0 <= fraction < 1:
        raise OptionError(f"Wanted a held-out fraction from 0 to below 1; got {fraction}; choose one, such as 0.1.")
    held = max(1, round(fraction * n)) if fraction > 0 else 0
    if held >= n:
        raise OptionError(f"Holding out {held} of {n} rows leaves none to train on; hold out less or give more rows.")
    order = generator(seed).permutation(n).astype(np.int64)
    return np.sort(order[held:]), np.sort(order[:held])


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


class RowDigest:
    """`digest` of rows in double precision that come block after block, of so many rows and columns in all.

    >>> whole = RowDigest(3, 3)
    >>> for block in (np.eye(3)[:1], np.eye(3)[1:]):
    ...     whole.update(block)
    >>> whole.hexdigest() == digest(np.eye(3))
    True
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._sha = hashlib.sha256(f"<f8{(rows, columns)}".encode())

    def update(self, block: np.ndarray) -> None:
        """Some more rows."""
        step = max(1, _CHUNK // max(1, block.shape[1]))
        for start in range(0, len(block), step):
            self._sha.update(np.asarray(block[start : start + step], "<f8", order="C").data)

    def hexdigest(self) -> str:
        """SHA-256 of all."""
        return self._sha.hexdigest()


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
