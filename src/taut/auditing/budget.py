"""The wall time of an audit, and what still fits into it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from taut.distributed import shared_clock
from taut.errors import OptionError

# What there is to compile for each part, in units of the account by the encoder's draws; measured on the bundled
# digits. What a unit takes here is learned from the parts that were compiled before.
ENCODER, REFINED, WALKS, PRIOR, RATE_DECOMPOSITION = 1.0, 2.3, 3.2, 0.9, 0.2
CONTROLS, SIMULATIONS, SIMULATED_WALKS, CALIBRATION, COLUMNS, CLOSING = 3.5, 0.5, 0.3, 1.0, 4.0, 0.5
# The share of what is left that a program may take which the rows wait for: the rest is for the rows.
MOST_FOR_PROGRAMS = 0.8


class TimeSpentError(Exception):
    """A part that reports its progress was stopped, because its share of the time was spent."""


@dataclasses.dataclass
class Budget:
    """Seconds that an audit may take in all, since `began` by the clock of `time.monotonic`; None for no limit.

    A compilation cannot be stopped. So a part is asked for before it starts, and starts only if what it will take fits:
    its `programs`, in units of the encoder's account, and its `running` seconds. `left_out` names the parts that did
    not, each with the limit that would do, where that is known. `a_row` and `a_temperature` are seconds that a row
    takes before its walks, and a temperature of them.
    """

    seconds: float | None = None
    began: float = dataclasses.field(default_factory=shared_clock)
    left_out: dict[str, int | None] = dataclasses.field(default_factory=dict)
    units: float = 0.0
    compiling: float = 0.0
    a_row: float = 0.0
    a_temperature: float = 0.0

    def spent(self) -> float:
        """Seconds since the audit began."""
        return shared_clock() - self.began

    def left(self) -> float:
        """Seconds until the limit, less what closing the account takes."""
        return math.inf if self.seconds is None else self.seconds - self.spent() - self.cost(CLOSING)

    def cost(self, programs: float, running: float = 0.0) -> float:
        """Seconds that a part will take, by what was compiled so far.

        >>> budget = Budget(units=2.0, compiling=3.0)
        >>> budget.cost(4.0, running=1.0)
        7.0
        """
        return programs * self.compiling / max(self.units, 1.0) + running

    def learn(self, programs: float, seconds: float) -> None:
        """Count a part that was compiled in so many seconds."""
        self.units += programs
        self.compiling += max(seconds, 0.0)

    def has_time_to_compile(self, part: str, programs: float) -> bool:
        """Whether programs that the rows wait for would leave them time; else the part is noted as left out."""
        fits = self.cost(programs) <= MOST_FOR_PROGRAMS * self.left()
        if not fits:
            self.leave_out(part, self.cost(programs) / MOST_FOR_PROGRAMS)
        return fits

    def compile(self, part: str, function: Callable[[], Any], *, programs: float) -> bool:
        """Compile what the rows wait for, if it leaves them time; else leave the part out."""
        if not self.has_time_to_compile(part, programs):
            return False
        began = shared_clock()
        function()
        self.learn(programs, shared_clock() - began)
        return True

    def attempt(self, part: str, function: Callable[[], Any], *, programs: float, running: float = 0.0) -> Any:
        """What the function returns, or None where it would not be done in time: the part is then left out."""
        if self.cost(programs, running) > self.left():
            self.leave_out(part, self.cost(programs, running))
            return None
        began = shared_clock()
        found = function()
        self.learn(programs, shared_clock() - began - running)
        return found

    def leave_out(self, part: str, seconds: float | None = None) -> None:
        """Note a part that would have taken so many seconds more."""
        needed = None if seconds is None else math.ceil(1.1 * (self.spent() + seconds + self.cost(CLOSING)))
        self.left_out[part] = needed

    def notes(self) -> list[str]:
        """What was left out, in sentences.

        >>> Budget(left_out={"calibration": 40}).notes()
        ['Not measured: the time was spent: calibration (with a limit of 40 s it would be).']
        """
        return [
            f"Not measured: the time was spent: {part}"
            + ("." if needed is None else f" (with a limit of {needed} s it would be).")
            for part, needed in self.left_out.items()
        ]

    def reserve(self, programs: list[float]) -> float:
        """Seconds to keep for the first of these parts: as many of them as half of the time is enough for."""
        kept, half = 0.0, self.left() / 2
        for each in programs:
            if kept + self.cost(each) > half:
                break
            kept += self.cost(each)
        return kept

    def share(self, on_block: Callable[[int], None], share: float) -> Callable[[int], None]:
        """The same progress, which raises TimeSpentError once this share of what is left now is spent."""
        until = shared_clock() + share * self.left()

        def step(done: int) -> None:
            on_block(done)
            if shared_clock() > until:
                raise TimeSpentError

        return step

    def check_first(self, rows: int) -> None:
        """Raise OptionError where not even the account by the encoder's own draws fits."""
        if self.left() > 0:
            return
        needed = self.spent() + self.cost(CLOSING)
        raise OptionError(
            f"A time limit wants to cover at least the first {rows} rows; they took {needed:.2g} s with what there was "
            f"to compile, and the limit is {self.seconds:g} s; allow {math.ceil(1.5 * needed)} s or more for what the "
            f"encoder's draws say, {math.ceil(1.5 * (needed + self.cost(REFINED + WALKS)))} s for a bracket."
        )
