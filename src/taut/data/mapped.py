"""Rows of numbers on disk, of which any can be taken while memory holds no more than these."""

from __future__ import annotations

import contextlib
import math
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Num, Shaped

from taut.array_files import array_place
from taut.errors import DataError

# Pages of so many rows at a time are mapped: each brings some neighbours along, which count as memory of the process.
ROWS_AT_ONCE, NUMBERS_AT_ONCE = 1024, 2**18


class MappedRows:
    """The array in a .npy file, read as it is asked for; slices and taken rows are copies.

    Raises ValueError where the file holds no array that can be mapped: one of objects, or in the order of Fortran.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.shape, self.dtype, self._start = array_place(self.path)
        wanted = self._start + math.prod(self.shape) * self.dtype.itemsize
        with self.path.open("rb") as file:
            self._mapped = mmap.mmap(file.fileno(), wanted, access=mmap.ACCESS_READ)
        if hasattr(self._mapped, "madvise"):
            self._mapped.madvise(mmap.MADV_RANDOM)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> Shaped[np.ndarray, "n *row"]:
        """The rows of a slice of step 1, by reading: what is read ahead helps the next."""
        start, stop, _ = rows.indices(len(self))
        each, row = int(np.prod(self.shape[1:])), self.shape[1:]
        offset = self._start + start * each * self.dtype.itemsize
        read = np.fromfile(self.path, self.dtype, max(stop - start, 0) * each, offset=offset)
        return read.reshape(-1, *row)

    def take(self, rows: Int[np.ndarray, "n"]) -> Shaped[np.ndarray, "n *row"]:
        """These rows, in any order."""
        taken = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for some in _in_order(rows, ROWS_AT_ONCE if self.shape[1:] else NUMBERS_AT_ONCE):
            whole = np.frombuffer(self._mapped, self.dtype, offset=self._start).reshape(self.shape)
            taken[some] = whole[rows[some]]
            del whole
            self._release()
        return taken

    def _release(self) -> None:
        """Give mapped pages back: they stay in the system's cache, but not with this process."""
        if hasattr(self._mapped, "madvise"):
            self._mapped.madvise(mmap.MADV_DONTNEED)


def _in_order(rows: Int[np.ndarray, "n"], at_once: int) -> Iterator[Int[np.ndarray, "some"]]:
    """Places of the rows, some at a time, so that the rows rise: what lies together on disk is read together."""
    order = np.argsort(rows, kind="stable")
    for start in range(0, len(rows), at_once):
        yield order[start : start + at_once]


class ArrayWriter:
    """A .npy file that grows block after block.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     writer = ArrayWriter(Path(folder) / "rows.npy", (2,), np.uint8)
    ...     for row in ([1, 2], [3, 4], [5, 6]):
    ...         writer.append(np.array([row]))
    ...     writer.close().take(np.array([2, 0])).tolist()
    [[5, 6], [1, 2]]
    """

    def __init__(self, path: Path, row: tuple[int, ...], dtype: Any) -> None:
        self.path, self.row, self.dtype, self._rows = path, row, np.dtype(dtype), 0
        self._file = path.open("wb")
        self._write_header()

    def append(self, block: Num[np.ndarray, "n *row"]) -> None:
        """Write some more rows. Raises DataError where the disk is full."""
        with _saying_where(self.path):
            self._file.write(np.ascontiguousarray(block, self.dtype).data)
        self._rows += len(block)

    def close(self) -> MappedRows:
        """The rows that were written."""
        with _saying_where(self.path):
            self._file.seek(0)
            self._write_header()
            self._file.close()
        return MappedRows(self.path)

    def _write_header(self) -> None:
        # NumPy leaves room for a number of rows of any length, so that the second header is as long as the first.
        about = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False}
        np.lib.format.write_array_header_1_0(self._file, about | {"shape": (self._rows, *self.row)})


@contextlib.contextmanager
def _saying_where(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"Wanted to write coded rows to `{path.parent}`; the system said: {error.strerror or error}; make room."
        ) from None


class SparseWriter:
    """Rows of which few numbers differ from 0, in files of these numbers and their columns."""

    def __init__(self, path: Path, width: int, dtype: Any) -> None:
        self._width = width
        self._columns = ArrayWriter(path.with_suffix(".columns.npy"), (), np.uint16 if width <= 2**16 else np.uint32)
        self._numbers = ArrayWriter(path.with_suffix(".numbers.npy"), (), dtype)
        self._lengths: list[Int[np.ndarray, "n"]] = []

    def append(self, block: Num[np.ndarray, "n width"]) -> None:
        """Write some more rows. Raises DataError where the disk is full."""
        rows, columns = np.nonzero(block)
        self._lengths.append(np.bincount(rows, minlength=len(block)))
        self._columns.append(columns)
        self._numbers.append(block[rows, columns])

    def close(self) -> SparseRows:
        """The rows that were written."""
        return SparseRows(self._columns.close(), self._numbers.close(), np.concatenate(self._lengths), self._width)


class SparseRows:
    """Rows as a `SparseWriter` wrote them; those that are taken come dense."""

    def __init__(self, columns: MappedRows, numbers: MappedRows, lengths: Int[np.ndarray, "rows"], width: int) -> None:
        self.shape, self.dtype = (len(lengths), width), numbers.dtype
        self._columns, self._numbers, self._lengths = columns, numbers, lengths
        self._starts = np.cumsum(lengths) - lengths

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, rows: Int[np.ndarray, "n"]) -> Num[np.ndarray, "n width"]:
        """These rows, in any order."""
        taken = np.zeros((len(rows), self.shape[1]), self.dtype)
        for some in _in_order(rows, ROWS_AT_ONCE):
            starts, lengths = self._starts[rows[some]], self._lengths[rows[some]]
            places = np.arange(lengths.sum()) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
            taken[np.repeat(some, lengths), self._columns.take(places)] = self._numbers.take(places)
        return taken
