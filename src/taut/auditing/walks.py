"""Annealed walks of many rows: a pilot that is thrown away, then the measured ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int

from taut.annealing import Path, Pilot, Schedule, both_walks, pilot, steps_between, temperatures
from taut.bounds import annealed_lower, annealed_upper, bridge
from taut.datum import values_of
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap, take
from taut.shapes import DataLike, DatumLike, RandomKey
from taut.weights import RowFunction, map_rows, size_for

# Steps at β = 1 before a reverse walk of real data starts; the R̂ of the ledger is over these.
SETTLING = 30
LEAPFROGS = 3
CHAINS = 4
ROWS_AT_ONCE = 32
# The pilot's temperatures, on equal steps.
PILOT = np.arange(1, 25) / 24
# The longest schedule: a fixed size, so that every length is one compiled program.
LONGEST = 2048


class PilotOfRow(RowFunction):
    """`Pilot` of one datum, along the path from the Gaussian passed by `aside`."""

    chains: int = eqx.field(static=True)
    settled: int = eqx.field(static=True)
    settling: int = eqx.field(static=True, default=SETTLING)

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Pilot:
        """The pilot."""
        path: Path = Path(model, x, aside)
        betas = jnp.asarray(PILOT, values_of(x).dtype)
        return pilot(
            path, betas, chains=self.chains, settled=self.settled, leapfrogs=LEAPFROGS, settling=self.settling, key=key
        )


class Planned(NamedTuple):
    """Inputs of the measured walks of one row, all found with other keys."""

    frame: AffineMap
    schedule: Schedule
    starts: Float[Array, "*n chains latents"]


class Walks(NamedTuple):
    """Log-weights of both walks, their bounds and diagnostics. `upper` is valid if its starts are posterior draws."""

    forward: Float[np.ndarray, "n chains"]
    reverse: Float[np.ndarray, "n chains"]
    lower: Float[np.ndarray, "n"]
    upper: Float[np.ndarray, "n"]
    bridge: Float[np.ndarray, "n"]
    acceptance: Float[np.ndarray, "n"]
    failed: Int[np.ndarray, "n"]


class WalksOfRow(RowFunction):
    """`Walks` of one datum along `length` temperatures."""

    length: Int[Array, ""]

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Walks:
        """Forward from fresh draws, in reverse from the given starts, on keys that share nothing."""
        path = Path(model, x, aside.frame)
        forward_keys, reverse_keys = (jr.split(half, aside.starts.shape[0]) for half in jr.split(key))
        there, again = both_walks(
            path, aside.schedule, self.length, aside.starts, leapfrogs=LEAPFROGS,
            forward_keys=forward_keys, reverse_keys=reverse_keys,
        )  # fmt: skip
        numbers: dict[str, Any] = {
            "forward": there.log_weight,
            "reverse": again.log_weight,
            "lower": annealed_lower(there.log_weight),
            "upper": annealed_upper(again.log_weight, there.log_weight),
            "bridge": bridge(there.log_weight, again.log_weight),
            "acceptance": 0.5 * (jnp.mean(there.acceptance) + jnp.mean(again.acceptance)),
            "failed": jnp.sum(jnp.isnan(there.log_weight)) + jnp.sum(jnp.isnan(again.log_weight)),
        }
        return Walks(**numbers)


def pilots(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    frames: AffineMap,
    *,
    key: RandomKey,
    rows: np.ndarray,
    chains: int = CHAINS,
    settling: int = SETTLING,
) -> Pilot:
    """The pilot of every row. It climbs with twice as many chains as are measured, for a better view of the path."""
    function = PilotOfRow(2 * chains, chains, settling)
    return map_rows(function, model, guide, data, key=key, rows=rows, block=ROWS_AT_ONCE, aside=frames)


def walks(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    frames: AffineMap,
    found: Pilot,
    lengths: Int[np.ndarray, "n"],
    *,
    key: RandomKey,
    rows: np.ndarray,
    on_block: Callable[[int], None] | None = None,
) -> Walks:
    """The measured walks of every row.

    Rows of similar length share a block, whose length is that of its longest row and is written to `lengths`. A row
    depends on the others of its block in this alone, which is valid, since lengths are fixed before the measurement.
    """
    order = np.argsort(lengths, kind="stable")
    size = min(ROWS_AT_ONCE, size_for(len(order)))
    parts = []
    for start in range(0, len(order), size):
        block = order[start : start + size]
        length = lengths[block] = int(lengths[block].max())
        # The last block is padded to the size of the others, so that it is the same program.
        padded = np.resize(block, size)
        aside = planned(frames, found, padded, length)
        function = WalksOfRow(jnp.asarray(length))
        measured = map_rows(
            function, model, guide, take(data, padded), key=key, rows=rows[padded], block=size, aside=aside
        )
        parts.append(take(measured, slice(len(block))))
        if on_block is not None:
            on_block(start + len(block))
    joined = jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
    return take(joined, np.argsort(order, kind="stable"))


def planned(frames: AffineMap, found: Pilot, rows: Int[np.ndarray, "k"], length: int) -> Planned:
    """Inputs of the walks of these rows along so many temperatures."""
    return Planned(take(frames, rows), _schedules(found, rows, length), jax.device_put(take(found.starts, rows)))


def _schedules(found: Pilot, rows: Int[np.ndarray, "k"], length: int) -> Schedule:
    """Each row's own temperatures, padded to the longest."""
    variance, step_sizes = np.asarray(found.variance), np.asarray(found.step_sizes)
    parts = np.zeros((3, len(rows), LONGEST))
    for place, row in enumerate(rows):
        betas = temperatures(PILOT, variance[row], length)
        steps = steps_between(PILOT, step_sizes[row], betas)
        parts[:, place, :length] = betas, np.diff(betas, prepend=0.0), steps
    betas, increments, steps = jax.device_put(tuple(parts.astype(step_sizes.dtype)))
    return Schedule(betas, increments, steps)
