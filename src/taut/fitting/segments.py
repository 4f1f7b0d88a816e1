"""An epoch over rows that are not on the device: segments of steps, each fetched while the one before is computed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from taut.datum import bare
from taut.distributed import batches_on_devices, on_all_devices
from taut.fitting.epoch import EpochInfo, EpochProgram, Parts, StepInfo, Steps, stepped, steps_of, summary
from taut.shapes import DataLike, RandomKey
from taut.waiting import arrived

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
    # Put there, because `jnp.asarray` compiles a program for each shape.
    return rows if isinstance(rows, AbstractRows) else jax.device_put(_narrow(rows))


def _narrow(rows: Any) -> Any:
    """The rows in dtypes that JAX has."""

    def narrow(leaf: np.ndarray | Array) -> np.ndarray | Array:
        wide = leaf.dtype.kind in "iu" and leaf.dtype.itemsize > 4
        return np.asarray(leaf).astype(jnp.result_type(float)) if wide else leaf

    return jax.tree.map(narrow, bare(rows))


@eqx.filter_jit
def run_segment(
    program: EpochProgram,
    parts: Parts,
    opt_state: Any,
    data: DataLike,
    steps: Steps,
    bounds: Float[Array, "steps"],
    span: tuple[Int[Array, ""], Int[Array, ""]],
    rows: int,
) -> tuple[Any, Any, Float[Array, "steps"]]:
    """The steps from the first of the `span` to before the second, of an epoch over so many `rows`.

    `data` are the rows of these steps in their order, and some more where they are fewer than those of another segment;
    with an axis over steps where devices have shares of their own.
    `bounds` come back with those of these steps, which are no numbers where a gradient is none.
    """
    start, stop = span

    def step(number: Int[Array, ""], so_far: tuple[tuple[Any, Any], Array]) -> tuple[tuple[Any, Any], Array]:
        moving, bounds = so_far
        now: Steps = jax.tree.map(lambda leaf: leaf[number], steps)
        if program.shares:
            own = jax.tree.map(lambda leaf: leaf[number - start], data)
            moving, info = stepped(program, parts.fixed, own, moving, now._replace(rows=None), rows)
        else:
            places = (number - start) * program.batch_size + jnp.arange(program.batch_size)
            moving, info = stepped(program, parts.fixed, data, moving, now._replace(rows=places), rows)
        return moving, bounds.at[number].set(jnp.where(jnp.isfinite(info.norms), info.bounds, jnp.nan))

    moving, bounds = lax.fori_loop(start, stop, step, ((parts.trainable, opt_state), bounds))
    return *moving, bounds


class Position(NamedTuple):
    """Where in an epoch a fit is: so many steps done, with the first of `bounds`."""

    step: int
    bounds: Float[Array, "steps"]


def streamed_epoch(
    segment: Callable[..., tuple[Any, Any, Float[Array, "steps"]]],
    program: EpochProgram,
    parts: Parts,
    opt_state: Any,
    data: AbstractRows,
    epoch: Int[Array, ""],
    key: RandomKey,
    row_weights: Float[Array, "n"] | None = None,
    *,
    position: Position,
    on_segment: Callable[[Any, Any, Position], None],
) -> tuple[Any, Any, EpochInfo]:
    """`run_epoch` by `segment`, which is `run_segment`: the same steps, and the same numbers to the bit.

    It goes on from a `position`; `on_segment` receives what moves and the position after each segment. Where a share of
    cells is hidden, the rows that lend their holes are those of the segment.
    """
    steps, sizes = _planned(program, len(data), epoch, key, row_weights)
    trainable, (first, bounds) = parts.trainable, position
    for start, stop, rows in _segments(program, data, np.asarray(steps.rows), first):
        span = on_all_devices(jax.device_put((np.int32(start), np.int32(stop))), program.mesh)
        now = Parts(trainable, parts.fixed)
        trainable, opt_state, bounds = arrived(segment(program, now, opt_state, rows, steps, bounds, span, len(data)))
        if not np.isfinite(np.asarray(bounds)[start:stop]).all():
            break
        on_segment(trainable, opt_state, Position(stop, bounds))
    return trainable, opt_state, _summed(trainable, StepInfo(bounds, jnp.zeros_like(bounds)), sizes)


_planned = eqx.filter_jit(steps_of)
_summed = eqx.filter_jit(summary)


def _segments(
    program: EpochProgram, data: AbstractRows, numbers: Int[np.ndarray, "steps batch"], first: int
) -> Iterator[tuple[int, int, DataLike]]:
    """First step, end and rows on the device of each segment from step `first`; the next is fetched meanwhile."""
    steps = len(numbers)
    length = min(steps, max(1, BYTES // (program.batch_size * _bytes_of_row(data))))
    padded = np.concatenate([numbers, np.broadcast_to(numbers[:1], (length, numbers.shape[1]))])
    starts = range(first, steps, length)
    with ThreadPoolExecutor(1, "rows") as reader:
        coming = (reader.submit(_fetched, program, data, padded[start : start + length]) for start in starts)
        fetched = next(coming, None)
        for start in starts:
            assert fetched is not None
            rows = fetched.result()
            fetched = next(coming, None)
            yield start, min(start + length, steps), rows


def _fetched(program: EpochProgram, data: AbstractRows, numbers: Int[np.ndarray, "steps batch"]) -> DataLike:
    if program.mesh is not None and program.shares:
        return batches_on_devices(lambda own: _narrow(data.take(own)), numbers, program.mesh)
    return on_all_devices(on_device(data.take(numbers.ravel())), program.mesh)


def _bytes_of_row(data: AbstractRows) -> int:
    return max(1, sum(leaf.nbytes for leaf in jax.tree.leaves(bare(data.take(np.zeros(1, np.int64))))))
