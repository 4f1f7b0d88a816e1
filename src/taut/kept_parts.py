"""Finished parts of a long computation, kept on disk, so that the same computation goes on where it was ended."""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from taut.distributed import from_first
from taut.errors import DataError, RunFolderError
from taut.files import writes
from taut.signing import DamagedError, load_signed, save_signed
from taut.version import __version__

__all__ = ["KeptBlocks", "KeptParts", "blocks_of_next_call", "keeping"]

SECONDS = 5.0


class KeptParts:
    """Parts, each a list of arrays, in a folder, for one fingerprint; without a folder, nothing is kept.

    Each part is a file of its own, so that keeping one more costs what it holds and not what all hold.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "parts"
    >>> KeptParts(folder, {"seed": 0}).add([np.arange(3)])
    >>> [part[0].tolist() for part in KeptParts(folder, {"seed": 0}).load()], KeptParts(folder, {"seed": 1}).load()
    ([[0, 1, 2]], [])
    """

    def __init__(self, folder: Path | None, fingerprint: Mapping[str, Any]) -> None:
        self.folder, self.count = folder, 0
        content = msgspec.json.encode(fingerprint, order="sorted")
        self.fingerprint = np.frombuffer(hashlib.sha256(content).digest(), np.uint8)

    def load(self) -> list[list[np.ndarray]]:
        """The parts in their order, up to the first that is missing, damaged or of another fingerprint.

        Raises RunFolderError where processes that work together do not see the same.
        """
        found = []
        while self.folder is not None:
            try:
                arrays = load_signed(self._path(len(found)))
                if not np.array_equal(arrays.pop("fingerprint"), self.fingerprint):
                    break
                found.append([arrays[str(place)] for place in range(len(arrays))])
            except (DamagedError, LookupError):
                break
        self.count = len(found)
        if self.folder is not None and from_first(self.count) != self.count:
            raise RunFolderError(
                f"Several processes want to go on from one `{self.folder}`; this one sees another; use a folder that "
                "all can read, or remove it."
            )
        return found

    def add(self, part: Sequence[np.ndarray]) -> None:
        """Keep one more part. Where the disk does not take it the computation goes on, and a warning says so."""
        if self.folder is None:
            return
        arrays = {str(place): np.asarray(array, order="C") for place, array in enumerate(part)}
        try:
            save_signed(self._path(self.count), arrays | {"fingerprint": self.fingerprint})
            self.count += 1
        except DataError as error:
            warnings.warn(f"What is finished was not kept. {error}", UserWarning, stacklevel=2)
            self.folder = None

    def remove(self) -> None:
        """Drop all parts: the computation is complete."""
        if self.folder is not None and writes():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, number: int) -> Path:
        assert self.folder is not None
        return self.folder / f"part-{number:06d}.safetensors"


class KeptBlocks:
    """The results of blocks of rows of one call, in their order; written with those of other calls, see `keeping`."""

    def __init__(self, parts: KeptParts, keeper: Keeper | None = None) -> None:
        self.parts, self.keeper, self.fresh = parts, keeper, list[Sequence[np.ndarray]]()

    def add(self, leaves: Sequence[np.ndarray]) -> None:
        """The arrays of one more block."""
        if self.keeper is not None:
            self.fresh.append(leaves)
            self.keeper.wait_for(self)

    def write(self) -> None:
        """What was not written yet, as one part."""
        self.parts.add([np.concatenate(leaves) for leaves in zip(*self.fresh, strict=True)])
        self.fresh = []


class Keeper:
    """Where the calls of one command are kept, and which of them have blocks to write."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls, self.waiting, self.written = folder, 0, list[KeptBlocks](), time.monotonic()

    def wait_for(self, blocks: KeptBlocks) -> None:
        """Write these soon, and now where the last writing was some seconds ago."""
        if blocks not in self.waiting:
            self.waiting.append(blocks)
        if time.monotonic() - self.written > SECONDS:
            self.write()

    def write(self) -> None:
        """All blocks that wait."""
        for blocks in self.waiting:
            blocks.write()
        self.waiting, self.written = [], time.monotonic()


_KEEPER: contextvars.ContextVar[Keeper | None] = contextvars.ContextVar("keeper", default=None)


@contextlib.contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Keep in `folder` what is finished of the calls in this block, every few seconds and where it is interrupted.

    All is dropped once the block ends well.
    """
    keeper = Keeper(folder)
    token = _KEEPER.set(keeper)
    try:
        yield
    except KeyboardInterrupt:
        keeper.write()
        raise
    finally:
        _KEEPER.reset(token)
    if writes():
        shutil.rmtree(folder, ignore_errors=True)


def blocks_of_next_call(function: object, inputs: Any) -> KeptBlocks:
    """Where a call of `function` with these arrays keeps its blocks: nowhere outside `keeping`."""
    keeper = _KEEPER.get()
    if keeper is None:
        return KeptBlocks(KeptParts(None, {}))
    keeper.calls += 1
    # Sorted, since the order of the parameters of a distribution changes from process to process.
    digests = sorted(map(_digest, jax.tree.leaves(eqx.filter(inputs, eqx.is_array_like))))
    facts = {"taut": __version__, "function": repr(function), "arrays": digests}
    return KeptBlocks(KeptParts(keeper.folder / f"call-{keeper.calls:06d}", facts), keeper)


def _digest(array: Any) -> str:
    is_key = eqx.is_array(array) and jnp.issubdtype(array.dtype, jax.dtypes.prng_key)
    values = np.ascontiguousarray(jax.random.key_data(array) if is_key else array)
    content: Any = values.reshape(-1).view(np.uint8)
    return f"{values.dtype} {values.shape} {hashlib.sha256(content).hexdigest()}"
