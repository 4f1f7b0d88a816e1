"""An epoch over rows that are not on the device: segments of steps, each fetched while the one before is computed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from taut.datum import bare
from taut.distributed import on_all_devices
from taut.fitting.epoch import EpochInfo, EpochProgram, Parts, StepInfo, Steps, stepped, steps_of, summary
from taut.numerics import floats_on_device
from taut.shapes import DataLike, RandomKey

# Of rows as they are stored, so that two segments are nothing beside the programs of a fit.
BYTES = 2**25


class AbstractRows(ABC):
    """Rows that stay where they are, such as on disk, and are taken a few at a time."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """How many rows there are, and how many entries each has."""

    @abstractmethod
    def take(self, numbers: Int[np.ndarray, "n"]) -> DataLike:
        """These rows on the host, in their smallest dtype; of the same parts and dtypes each time."""

    def __len__(self) -> int:
        return self.shape[0]


def on_device(rows: Any) -> Any:
    """The rows as arrays of JAX, in their dtype where it has it: of wider integers it would keep the last 32 bits.

    Rows that stay where they are do so.

    >>> on_device(np.array([[2**40]])).tolist()
    [[1099511627776.0]]
    """

    def put(leaf: np.ndarray | Array) -> Array:
        wide = leaf.dtype.kind in "iu" and leaf.dtype.itemsize > 4
        # Put there, because `jnp.asarray` compiles a program for each shape.
        return floats_on_device(leaf) if wide else jax.device_put(leaf)

    return rows if isinstance(rows, AbstractRows) else jax.tree.map(put, bare(rows))


@eqx.filter_jit
def run_segment(
    program: EpochProgram,
    parts: Parts,
    opt_state: Any,
    data: DataLike,
    steps: Steps,
    done: StepInfo,
    span: tuple[Int[Array, ""], Int[Array, ""]],
    rows: int,
) -> tuple[Any, Any, StepInfo]:
    """The steps from the first of the `span` to before the second, of an epoch over so many `rows`.

    `data` are the rows of these steps in their order, and some more where they are fewer than those of another segment.
    """
    start, stop = span

    def step(number: Int[Array, ""], so_far: tuple[tuple[Any, Any], StepInfo]) -> tuple[tuple[Any, Any], StepInfo]:
        moving, done = so_far
        now: Steps = jax.tree.map(lambda leaf: leaf[number], steps)
        places = (number - start) * program.batch_size + jnp.arange(program.batch_size)
        moving, info = stepped(program, parts.fixed, data, moving, now._replace(rows=places), rows)
        return moving, jax.tree.map(lambda whole, own: whole.at[number].set(own), done, info)

    moving, done = lax.fori_loop(start, stop, step, ((parts.trainable, opt_state), done))
    return *moving, done


def streamed_epoch(
    segment: Callable[..., tuple[Any, Any, StepInfo]],
    program: EpochProgram,
    parts: Parts,
    opt_state: Any,
    data: AbstractRows,
    epoch: Int[Array, ""],
    key: RandomKey,
    row_weights: Float[Array, "n"] | None = None,
) -> tuple[Any, Any, EpochInfo]:
    """`run_epoch` by `segment`, which is `run_segment`: the same steps, and the same numbers to the bit.

    Where a share of cells is hidden, the rows that lend their holes are those of the segment.
    """
    steps, sizes, done = _planned(program, len(data), epoch, key, row_weights)
    trainable = parts.trainable
    for start, stop, rows in _segments(program, data, np.asarray(steps.rows)):
        span = on_all_devices(jax.device_put((np.int32(start), np.int32(stop))), program.mesh)
        now = Parts(trainable, parts.fixed)
        trainable, opt_state, done = segment(program, now, opt_state, rows, steps, done, span, len(data))
    return trainable, opt_state, _summed(trainable, done, sizes)


@eqx.filter_jit
def _planned(
    program: EpochProgram, n: int, epoch: Int[Array, ""], key: RandomKey, row_weights: Float[Array, "n"] | None
) -> tuple[Steps, Float[Array, "steps"], StepInfo]:
    """The steps of an epoch, how many rows each is of, and where their bounds will be."""
    steps, sizes = steps_of(program, n, epoch, key, row_weights)
    return steps, sizes, StepInfo(jnp.zeros_like(sizes), jnp.zeros_like(sizes))


_summed = eqx.filter_jit(summary)


def _segments(
    program: EpochProgram, data: AbstractRows, numbers: Int[np.ndarray, "steps batch"]
) -> Iterator[tuple[int, int, DataLike]]:
    """First step, end and rows on the device of each segment; the next is fetched meanwhile."""
    steps = len(numbers)
    length = min(steps, max(1, BYTES // (program.batch_size * _bytes_of_row(data))))
    padded = np.concatenate([numbers, np.broadcast_to(numbers[:1], (-steps % length, numbers.shape[1]))])
    with ThreadPoolExecutor(1, "rows") as reader:
        coming = [
            (start, lambda start=start: _fetched(program, data, padded[start : start + length].ravel()))
            for start in range(0, steps, length)
        ]
        fetched = reader.submit(coming[0][1])
        for place, (start, _) in enumerate(coming):
            rows = fetched.result()
            if place + 1 < len(coming):
                fetched = reader.submit(coming[place + 1][1])
            yield start, min(start + length, steps), rows


def _fetched(program: EpochProgram, data: AbstractRows, numbers: Int[np.ndarray, "n"]) -> DataLike:
    return on_all_devices(on_device(data.take(numbers)), program.mesh)


def _bytes_of_row(data: AbstractRows) -> int:
    return max(1, sum(leaf.nbytes for leaf in jax.tree.leaves(bare(data.take(np.zeros(1, np.int64))))))
