"""Where an audit spends its time: more temperatures for rows whose bracket is wide, fewer for the others."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
from jaxtyping import Float, Int

from taut.auditing.walks import CHAINS, LONGEST
from taut.errors import OptionError

SHORTEST = 8
# What is asked where nothing is: a twentieth of a nat is far below what differs between models.
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
    the rows that are done and used for those to come, whose walks are drawn afresh: adapting so moves no bound to the
    wrong side, since each row's estimate is unbiased given all that came before it.
    """

    rows: int
    width: float | None
    seconds: float | None
    factor: float = 1.5
    done: int = 0
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
        left = self.seconds_left() / max(self.rows - self.done, 1) - self.overhead / max(self.done, 1)
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
        self.done += len(widths)
        self.spent_width += float(np.sum(finite))
        self.overhead += overhead
        self.walking += walking
        self.walked += float(np.sum(lengths))

    def resume(self, widths: Float[np.ndarray, "k"]) -> None:
        """Count rows that an earlier run has finished."""
        self.done += len(widths)
        self.spent_width += float(np.sum(np.where(np.isfinite(widths), widths, 0.0)))

    def spent(self, rows: int) -> bool:
        """Whether the time that is left is too short for so many rows more, even with the fewest temperatures."""
        a_row = self.overhead / max(self.done, 1) + SHORTEST * self.walking / max(self.walked, 1.0)
        return self.seconds is not None and self.seconds_left() < rows * a_row

    def check_first(self, rows: int, seconds: float) -> None:
        """Raise OptionError where the limit is shorter than what the first rows took before any walk."""
        if self.done == 0 and self.seconds_left() <= 0:
            raise OptionError(
                f"A time limit wants to cover at least the first {rows} rows; they took {seconds:.2g} s before any "
                f"walk, and the limit is {self.seconds:g} s; allow {math.ceil(2 * seconds)} s or more."
            )
