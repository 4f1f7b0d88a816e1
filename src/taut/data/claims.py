"""What a store of arrays claims, held against what it stores, before a library reads all of it."""

import importlib
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

from taut.array_files import MOST_BYTES

# Numbers that were never written take no place in a file; more than this of them is a claim, and no table.
_UNWRITTEN = 2**26
# No filter packs further than deflate does with zeros, about 1:1000.
_PACKED = 2000
_LARGEST_CHUNK = 2**30
# Seconds for the attributes of a file. Those of a sound one take less than one; in some damaged ones the library loops.
_PATIENCE = 20


def check_hdf5(path: Path) -> None:
    """Raise ValueError where a file links elsewhere, claims far more than it stores, or would end its reader."""
    # An exception there is one here, too, and says more. Without -P our files would stand before other libraries.
    probe = [sys.executable, "-P", Path(__file__).with_name("hdf5_probe.py"), path]
    try:
        died = subprocess.run(probe, check=False, capture_output=True, timeout=_PATIENCE).returncode < 0
    except subprocess.TimeoutExpired:
        raise ValueError(f"what it says of itself is not read within {_PATIENCE} seconds") from None
    if died:
        raise ValueError("the library that reads it dies of it")
    h5py = importlib.import_module("h5py")  # comes with anndata
    with h5py.File(path, "r") as file:
        _check_links(h5py, file)
        file.visititems(_check_dataset)


def _check_links(h5py: Any, file: Any) -> None:
    def check(name: str, link: Any) -> None:
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"`{name}` is a link to another place")

    file.visititems_links(check)


def _check_dataset(name: str, node: Any) -> None:
    if not hasattr(node, "chunks"):  # a group
        return
    if node.is_virtual or node.external:
        raise ValueError(f"`{name}` lies in another file")
    claimed = int(node.size or 0) * node.dtype.itemsize
    if claimed > MOST_BYTES:
        raise ValueError(f"`{name}` takes {claimed / 2**30:.0f} GiB")
    _check_claim(name, claimed, node.id.get_storage_size())
    if node.chunks is not None:
        _check_chunk(name, node)


def check_zarr(array: Any, path: Path) -> None:
    """Raise ValueError where an array of Zarr claims far more than its folder holds, or has huge chunks."""
    claimed = math.prod(array.shape) * array.dtype.itemsize
    _check_claim(path.name, claimed, sum(each.stat().st_size for each in path.rglob("*") if each.is_file()))
    _check_chunk(path.name, array)


def _check_claim(name: str, claimed: int, stored: int) -> None:
    if claimed > max(_UNWRITTEN, _PACKED * stored):
        raise ValueError(f"`{name}` announces {claimed} bytes and holds {stored}")


def _check_chunk(name: str, array: Any) -> None:
    if math.prod(array.chunks) * array.dtype.itemsize > _LARGEST_CHUNK:
        raise ValueError(f"`{name}` has chunks of {array.chunks} numbers")
