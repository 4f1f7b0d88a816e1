"""Where an audit spends its time: more temperatures for rows whose bracket is wide, fewer for the others."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
from jaxtyping import Float, Int

from taut.auditing.walks import CHAINS, LONGEST

SHORTEST = 8
# The width where none is asked for: a twentieth of a nat is far below what differs between models.
USUAL_WIDTH = 0.05


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
    began: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def aim(self) -> float | None:
        """The mean width to aim at in the rows that are left, or None where only time counts."""
        wanted = USUAL_WIDTH if self.width is None and self.seconds is None else self.width
        if wanted is None:
            return None
        left = (wanted * self.rows - self.spent_width) / max(self.rows - self.done, 1)
        # A little below, since what is left over cannot be given back.
        return 0.9 * min(max(left, wanted / 3), 3 * wanted)

    def lengths(self, jeffreys: Float[np.ndarray, "k"]) -> Int[np.ndarray, "k"]:
        """T_n for these rows."""
        roots = np.sqrt(jeffreys)
        scales = []
        if self.aim is not None:
            scales.append(self.factor * roots.mean() / (self.aim * CHAINS))
        if self.seconds is not None and self.walked > 0:
            scales.append(self._affordable() / roots.mean())
        elif self.seconds is not None:
            scales.append(4 * SHORTEST / roots.mean())  # the first rows measure what a temperature costs
        return np.clip(np.ceil(min(scales) * roots), SHORTEST, LONGEST).astype(np.int64)

    def _affordable(self) -> float:
        """Temperatures for each row that is left."""
        left = self.seconds_left() / max(self.rows - self.done, 1) - self.overhead / max(self.timed, 1)
        return max(left, 0.0) * self.walked / max(self.walking, 1e-9)

    def seconds_left(self) -> float:
        """Until the limit, or without end."""
        return math.inf if self.seconds is None else self.seconds - (time.monotonic() - self.began)

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
        self.walked += float(np.sum(lengths))

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
        return self.overhead / max(self.timed, 1) + SHORTEST * self.a_temperature()

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
