"""Annealed walks of many rows: a pilot that is thrown away, then the measured ones."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int

from taut.annealing import Path, Pilot, Schedule, both_walks, pilot, steps_between, temperatures
from taut.auditing.origins import Origin
from taut.bounds import annealed_lower, annealed_upper, bridge
from taut.datum import values_of
from taut.distributed import shared_clock
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import take
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
    """`Pilot` of one datum, along the path from the `Origin` passed by `aside`."""

    chains: int = eqx.field(static=True)
    settled: int = eqx.field(static=True)
    settling: int = eqx.field(static=True, default=SETTLING)

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Pilot:
        """The pilot."""
        path: Path = aside.path(model, x)
        betas = jnp.asarray(PILOT, values_of(x).dtype)
        return pilot(
            path, betas, chains=self.chains, settled=self.settled, leapfrogs=LEAPFROGS, settling=self.settling, key=key
        )


class Planned(NamedTuple):
    """Inputs of the measured walks of one row, all found with other keys."""

    origin: Origin
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


def bounds_of(forward: Float[Array, "chains"], reverse: Float[Array, "chains"]) -> dict[str, Float[Array, ""]]:
    """What the log-weights of a row's walks say of log p(x): both bounds, and an estimate between them."""
    return {
        "lower": annealed_lower(forward),
        "upper": annealed_upper(reverse, forward),
        "bridge": bridge(forward, reverse),
    }


class WalksOfRow(RowFunction):
    """`Walks` of one datum along `length` temperatures."""

    length: Int[Array, ""]

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Walks:
        """Forward from fresh draws, in reverse from the given starts, on keys that share nothing."""
        path = aside.origin.path(model, x)
        forward_keys, reverse_keys = (jr.split(half, aside.starts.shape[0]) for half in jr.split(key))
        there, again = both_walks(
            path, aside.schedule, self.length, aside.starts, leapfrogs=LEAPFROGS,
            forward_keys=forward_keys, reverse_keys=reverse_keys,
        )  # fmt: skip
        numbers: dict[str, Any] = {
            "forward": there.log_weight,
            "reverse": again.log_weight,
            **bounds_of(there.log_weight, again.log_weight),
            "acceptance": 0.5 * (jnp.mean(there.acceptance) + jnp.mean(again.acceptance)),
            "failed": jnp.sum(jnp.isnan(there.log_weight)) + jnp.sum(jnp.isnan(again.log_weight)),
        }
        return Walks(**numbers)


def pilots(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    origins: Origin,
    *,
    key: RandomKey,
    rows: np.ndarray,
    chains: int = CHAINS,
    settling: int = SETTLING,
) -> Pilot:
    """The pilot of every row. It climbs with twice as many chains as are measured, for a better view of the path."""
    function = PilotOfRow(2 * chains, chains, settling)
    return map_rows(function, model, guide, data, key=key, rows=rows, block=ROWS_AT_ONCE, aside=origins)


def walks(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    origins: Origin,
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
        aside = planned(origins, found, padded, length)
        function = WalksOfRow(jnp.asarray(length))
        measured = map_rows(
            function, model, guide, take(data, padded), key=key, rows=rows[padded], block=size, aside=aside
        )
        parts.append(take(measured, slice(len(block))))
        if on_block is not None:
            on_block(start + len(block))
    joined = jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
    return take(joined, np.argsort(order, kind="stable"))


def planned(origins: Origin, found: Pilot, rows: Int[np.ndarray, "k"], length: int) -> Planned:
    """Inputs of the walks of these rows along so many temperatures."""
    return Planned(take(origins, rows), _schedules(found, rows, length), jax.device_put(take(found.starts, rows)))


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


SHORTEST = 8
# The width where none is asked for: a twentieth of a nat is far below what differs between models.
USUAL_WIDTH = 0.05
# Rows from which each is walked once, and the most walks of one.
ENOUGH_ROWS, MOST_REPEATS = 128, 4


def sound_jeffreys(jeffreys: Float[np.ndarray, "k"]) -> Float[np.ndarray, "k"]:
    """A pilot's J, within what a plan can use: a row whose density broke gets the most there is.

    >>> import numpy as np
    >>> sound_jeffreys(np.array([2.0, np.nan])).tolist()
    [2.0, 10000.0]
    """
    return np.clip(np.nan_to_num(np.asarray(jeffreys, np.float64), nan=1e4), 1e-3, 1e4)


@dataclasses.dataclass
class Effort:
    """The plan of an audit: a mean width that is wanted, in nats, or seconds to spend, or both.

    With J_n of the pilot, T_n temperatures and C chains leave a bracket near J_n/(T_n C), so that the mean width w
    costs least with T_n = √J_n · mean √J / (w C). `factor` is how much wider brackets really are. It is learned from
    the rows that are done and used for those to come, whose walks are drawn afresh: the bounds
    stay valid, since each row's estimate is unbiased given all rows before it.
    """

    rows: int
    width: float | None
    seconds: float | None
    factor: float = 1.5
    done: int = 0
    timed: int = 0
    spent_width: float = 0.0
    overhead: float = 0.0
    walking: float = 0.0
    walked: float = 0.0
    began: float = dataclasses.field(default_factory=shared_clock)

    @property
    def aim(self) -> float | None:
        """The mean width to aim at in the rows that are left, or None where only time counts."""
        wanted = USUAL_WIDTH if self.width is None and self.seconds is None else self.width
        if wanted is None:
            return None
        left = (wanted * self.rows - self.spent_width) / max(self.rows - self.done, 1)
        # A little below, since what is left over cannot be given back.
        return 0.9 * min(max(left, wanted / 3), 3 * wanted)

    @property
    def repeats(self) -> int:
        """How often each row is walked: rows that are few leave their mean a margin that only more walks can lower."""
        return min(max(ENOUGH_ROWS // self.rows, 1), MOST_REPEATS)

    def lengths(self, jeffreys: Float[np.ndarray, "k"]) -> Int[np.ndarray, "k"]:
        """T_n for these rows."""
        roots = np.sqrt(jeffreys)
        scales = []
        if self.aim is not None:
            # Where rows are few walks count one by one, and are as long as two of them need to be.
            together = CHAINS if self.repeats == 1 else CHAINS / 2
            scales.append(self.factor * roots.mean() / (self.aim * together))
        if self.seconds is not None and self.walked > 0:
            scales.append(self._affordable() / roots.mean())
        elif self.seconds is not None:
            scales.append(4 * SHORTEST / roots.mean())  # the first rows measure what a temperature costs
        return np.clip(np.ceil(min(scales) * roots), SHORTEST, LONGEST).astype(np.int64)

    def _affordable(self) -> float:
        """Temperatures for each row that is left."""
        left = self.seconds_left() / max(self.rows - self.done, 1) - self.overhead / max(self.timed, 1)
        return max(left, 0.0) * self.walked / max(self.walking, 1e-9) / self.repeats

    def seconds_left(self) -> float:
        """Until the limit, or without end."""
        return math.inf if self.seconds is None else self.seconds - (shared_clock() - self.began)

    def note(self, widths: Float[np.ndarray, "k"], lengths: Int[np.ndarray, "k"], jeffreys: Float[np.ndarray, "k"],
             *, overhead: float, walking: float) -> None:  # fmt: skip
        """Learn from rows that are done: how wide their brackets are, and what they cost."""
        finite = np.where(np.isfinite(widths), widths, 0.0)
        predicted = float(np.mean(jeffreys / lengths)) / CHAINS
        seen = max(float(np.mean(finite)), 0.2 * predicted) / max(predicted, 1e-9)
        weight = len(widths) / (self.done + len(widths))
        self.factor = (1.0 - weight) * self.factor + weight * min(seen, 10.0)
        self.spent_width += float(np.sum(finite))
        self.note_rows(len(widths), overhead)
        self.walking += walking
        self.walked += float(np.sum(lengths)) * self.repeats

    def note_rows(self, rows: int, seconds: float) -> None:
        """Learn what rows cost before their walks."""
        self.done += rows
        self.timed += rows
        self.overhead += seconds

    def resume(self, widths: Float[np.ndarray, "k"]) -> None:
        """Count rows that an earlier run has finished."""
        self.done += len(widths)
        self.spent_width += float(np.sum(np.where(np.isfinite(widths), widths, 0.0)))

    def spent(self, rows: int) -> bool:
        """Whether the time that is left is too short for so many rows more, even with the fewest temperatures."""
        return self.seconds is not None and self.seconds_left() < rows * self.a_row()

    def a_row(self) -> float:
        """Seconds that a row takes at least, by those that are done."""
        return self.overhead / max(self.timed, 1) + SHORTEST * self.repeats * self.a_temperature()

    def a_temperature(self) -> float:
        """Seconds that a temperature of a row takes, both ways."""
        return self.walking / max(self.walked, 1.0)

    def chunk(self, size: int, least: int) -> int:
        """Rows to take at once, a multiple of `least`: with a limit few at first, then a quarter of what it allows."""
        if self.seconds is None:
            return size
        if self.timed == 0:
            return least
        affordable = self.seconds_left() / (4 * max(self.a_row(), 1e-9))
        return int(min(max(affordable // least * least, least), size))
