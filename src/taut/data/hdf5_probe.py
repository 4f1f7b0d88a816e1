"""What an HDF5 file says of itself, read by a process of its own: the C library dies of some damaged files."""

import sys
from typing import Any

import h5py


def attributes(path: str) -> int:
    """How many attributes all groups and arrays of a file have; each is read."""
    found = 0

    def read(_: str, node: Any) -> None:
        nonlocal found
        found += len(dict(node.attrs))

    with h5py.File(path, "r") as file:
        read("/", file)
        file.visititems(read)
    return found


if __name__ == "__main__":
    attributes(sys.argv[1])
