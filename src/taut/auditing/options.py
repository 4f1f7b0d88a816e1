"""The options of an audit, each declared once; no JAX."""

from __future__ import annotations

import dataclasses
from typing import Any

from taut.errors import OptionError
from taut.options import AbstractOptions, option

__all__ = ["AuditOptions"]


@dataclasses.dataclass(frozen=True, eq=False)
class AuditOptions(AbstractOptions):
    """What an audit measures, how well, and how long it may take."""

    draws: int = option(
        1000,
        "Latents drawn for each row from the guide, and as many from the prior, the same for all rows; more is a "
        "tighter bound and takes longer.",
        at_least=2,
        wanted="at least 2 draws a row, to measure its own error",
        advice="ask for more",
    )
    rows: int | None = option(
        None,
        "Use this many rows, taken at random and without replacement; the errors then include the choice.",
        unit="rows",
        at_least=1,
        none="all",
    )
    delta: float = option(
        0.01,
        "Chance with which the bracket on the mean may fail, both sides together.",
        above=0,
        below=1,
        wanted="a probability between 0 and 1",
        advice="0.01 is usual",
    )
    width: float | None = option(
        None,
        "Mean width of the bracket on log p(x) that is wanted.",
        unit="nats",
        above=0,
        none="0.05, unless `seconds` is given",
        advice="leave it out or raise it",
        resumable=True,
    )
    seconds: float | None = option(
        None,
        "Wall time that it may take: compilation and checks count, and what does not fit is left out, bounds last, and "
        "named in `not_measured`. Whichever of this and `width` comes first.",
        unit="seconds",
        above=0,
        none="no limit",
        advice="leave it out or raise it",
        resumable=True,
    )
    bracket: bool = option(
        True,
        "Measure log p(x) from both sides and the causes of the gap, or only what the guide's own draws say.",
    )
    checks: bool = option(
        True,
        "Check the bracket and the model: walks from other starts, rows simulated from the model, calibration, "
        "columns. Without, nothing looks for what contradicts the upper end.",
    )
    train: Any = option(None, "Training rows, to measure generalisation.", metavar="DATA", kept=False)

    def check_data(self, n: int, *, amortised: bool) -> None:
        """Raise OptionError where they make no sense for n rows and a guide that is or is not `amortised`."""
        if n == 0:
            raise OptionError("An audit wants at least one row of data; got none; pass some.")
        if self.rows is not None and self.rows > n:
            raise OptionError(f"An audit wants from one row to all {n}; got {self.rows}; ask for as many as there are.")
        if self.train is not None and not amortised:
            raise OptionError(
                "Generalisation wants an amortised guide; got local ones, which know no other rows; omit `train`."
            )
        if self.rows is not None and not amortised:
            raise OptionError("A choice of rows wants an amortised guide; got local ones; audit all of their rows.")
