"""Reading idx, the format of the classical digit sets: a type, the sizes, the bytes; often gzipped."""

import gzip
import math
from pathlib import Path

import numpy as np

from taut.data.dense import from_array
from taut.data.read_errors import decoding
from taut.data.table import Table

_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: Path, *, as_column: bool = False) -> Table:
    """A table from an idx file, gzipped or not whatever its name says; three dimensions are images.

    Raises DataError where the file is cut short or is no idx file.
    """
    with decoding(path, "an array in idx format"):
        content = path.read_bytes()
        values = _parse(gzip.decompress(content) if content.startswith(_GZIP) else content)
    return from_array(values, path.name, as_column=as_column)


def _parse(content: bytes) -> np.ndarray:
    if content[:2] != b"\0\0" or len(content) < 4 or content[2] not in _DTYPES:
        raise ValueError("its first bytes are not those of idx")
    dtype, dimensions = np.dtype(_DTYPES[content[2]]), content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError("it ends before its sizes do")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    wanted, came = math.prod(shape) * dtype.itemsize, len(content) - start
    if wanted != came:
        raise ValueError(f"it announces {wanted} bytes of data and holds {came}")
    # A copy, because arrays that view bytes cannot be written to.
    return np.frombuffer(content, dtype, offset=start).reshape(shape).copy()
