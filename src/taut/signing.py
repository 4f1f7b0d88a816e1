"""Files of arrays that hold their own SHA-256: what was altered, or cut off, is not read."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from taut.files import written_whole

__all__ = ["UNREADABLE", "DamagedError", "load_signed", "save_signed"]

# The digest is that of the file with these zeros in place of it.
UNSIGNED = "0" * 64
# A type of number that numpy does not have is a KeyError or a TypeError.
UNREADABLE = (OSError, SafetensorError, KeyError, TypeError, ValueError)
SIGNATURE = re.compile(rb'"sha256":"([0-9a-f]{64})"')


class DamagedError(Exception):
    """A file is missing, or not as it was written."""


def save_signed(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays in safetensors, whole or not at all, with the digest of the file in its header."""
    content = save(dict(arrays), {"sha256": UNSIGNED})
    digest = hashlib.sha256(content).hexdigest()
    with written_whole(path) as temporary:
        temporary.write_bytes(content.replace(UNSIGNED.encode(), digest.encode(), 1))


def load_signed(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a file written by `save_signed`. Raises DamagedError where it is not as it was written."""
    try:
        content = Path(path).read_bytes()
        header = content[: 8 + int.from_bytes(content[:8], "little")]
        signed = SIGNATURE.search(header)
        if signed is None or _digest_but(content, signed.span(1)) != signed[1]:
            raise DamagedError
        return load(content)
    except UNREADABLE:
        raise DamagedError from None


def _digest_but(content: bytes, span: tuple[int, int]) -> bytes:
    """SHA-256, with zeros where the digest itself is."""
    total, seen = hashlib.sha256(), memoryview(content)
    for part in (seen[: span[0]], UNSIGNED.encode(), seen[span[1] :]):
        total.update(part)
    return total.hexdigest().encode()
