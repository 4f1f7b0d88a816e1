"""Arrays in numpy's files: what a header claims is held against what is there before anything is allocated.

Nothing in such a file can run: Python objects are refused.
"""

import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

__all__ = ["MOST_BYTES", "ArrayArchive", "ArrayPlace", "array_place", "opened_archive", "read_array", "read_array_file"]

# Above this what a small file unpacks to would rather stop a laptop than help.
MOST_BYTES = 8 * 2**30
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArrayPlace(NamedTuple):
    """An array in a file: its shape and type, and the byte at which its numbers begin, in the order of C."""

    shape: tuple[int, ...]
    dtype: np.dtype
    start: int


def array_place(path: Path) -> ArrayPlace:
    """Where the numbers of a `.npy` file are.

    Raises ValueError as `read_array`, and for an order of numbers other than that of C.
    """
    with path.open("rb") as file:
        shape, fortran, dtype = _header(file)
        place = ArrayPlace(shape, dtype, file.tell())
    if dtype.hasobject:
        raise ValueError("Object arrays are not read")
    if fortran and len(shape) > 1:
        raise ValueError("its numbers are in the order of Fortran; write it with `np.ascontiguousarray`")
    announced, there = math.prod(shape) * dtype.itemsize, path.stat().st_size - place.start
    if announced > there:
        raise ValueError(f"it announces {announced} bytes of numbers and holds {there}")
    return place


def read_array(file: Any, size: int) -> np.ndarray:
    """The array in an open `.npy` file of so many bytes.

    Raises ValueError where it is none, holds Python objects, or announces more numbers than it has bytes for.

    >>> import io
    >>> np.save(file := io.BytesIO(), np.arange(3)); _ = file.seek(0)
    >>> read_array(file, len(file.getvalue())).tolist()
    [0, 1, 2]
    """
    start = file.tell()
    shape, _, dtype = _header(file)
    if dtype.hasobject:
        raise ValueError("Object arrays are not read")
    announced, there = math.prod(shape) * dtype.itemsize, start + size - file.tell()
    if announced > there:
        raise ValueError(f"it announces {announced} bytes of numbers and holds {there}")
    file.seek(start)
    return npy.read_array(file, allow_pickle=False)


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    # Without it numpy takes any file for a pickle, and its message tells people to allow one.
    if file.read(6) != npy.MAGIC_PREFIX:
        raise ValueError("its first bytes are not those of an array")
    file.seek(-6, 1)
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"it has version {version[0]}.{version[1]} of the format")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        shape, fortran, dtype = read(file)
    # The header is a Python literal, of which the parser can refuse anything in any way.
    except (SyntaxError, TypeError, RecursionError, MemoryError, OverflowError, EOFError, AttributeError):
        raise ValueError("its header cannot be read") from None
    if not all(type(length) is int and 0 <= length < 2**63 for length in shape):
        raise ValueError("its header has a shape that is none")
    return shape, fortran, dtype


def read_array_file(path: Path) -> np.ndarray:
    """The array in a `.npy` file. Raises ValueError as `read_array`, OSError where it cannot be opened."""
    with path.open("rb") as file:
        return read_array(file, path.stat().st_size)


class ArrayArchive:
    """The arrays of an open `.npz` archive by their names; no file of it is unpacked to disk."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}

    @property
    def names(self) -> list[str]:
        """What the arrays are called."""
        return list(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> np.ndarray:
        """One array. Raises KeyError for no name, ValueError as `read_array` or beyond 8 GiB unpacked."""
        member = self._members[name]
        if member.compress_type not in _PACKED:
            raise ValueError(f"`{name}` is packed in a way that numpy does not use")
        if member.compress_type != zipfile.ZIP_STORED and member.file_size > MOST_BYTES:
            raise ValueError(f"`{name}` unpacks to {member.file_size / 2**30:.0f} GiB; save it as .npy")
        with self._archive.open(member) as file:
            return read_array(file, member.file_size)

    def read_all(self) -> dict[str, np.ndarray]:
        """Every array by its name."""
        return {name: self.read(name) for name in self._members}


@contextmanager
def opened_archive(path: Path) -> Iterator[ArrayArchive]:
    """The arrays of a `.npz` file. Raises ValueError where it is none, OSError where it cannot be opened."""
    try:
        # The file is opened here, because zipfile leaves one that it cannot read open.
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield ArrayArchive(archive)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OverflowError) as error:
        raise ValueError(f"no zip archive that can be read ({error})") from None
