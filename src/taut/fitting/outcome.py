"""How a fit ended, as a value with a sentence."""

from __future__ import annotations

import dataclasses
from typing import Literal

Code = Literal["converged", "budget spent", "time spent", "diverged", "interrupted"]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a fit ended: `code` for programs, `sentence` for people, `step` where it diverged.

    >>> Outcome.diverged(12).code
    'diverged'
    """

    code: Code
    sentence: str
    step: int | None = None

    @classmethod
    def converged(cls, patience: int, epoch: int) -> Outcome:
        """The bound on held-out rows stopped rising."""
        return cls(
            "converged",
            f"Converged: the bound on held-out rows has not risen for {patience} epochs; the state of epoch {epoch} "
            "is kept.",
        )

    @classmethod
    def budget_spent(cls, epochs: int, *, best: int | None) -> Outcome:
        """All epochs were used."""
        kept = "the last state is kept" if best is None else f"the state of epoch {best} is kept"
        return cls("budget spent", f"Stopped after the {epochs} epochs that were asked for; {kept}.")

    @classmethod
    def time_spent(cls, seconds: float, epochs: int) -> Outcome:
        """The time limit was reached."""
        return cls("time spent", f"Stopped at the time limit of {seconds:g} seconds after {epochs} epochs.")

    @classmethod
    def diverged(cls, step: int) -> Outcome:
        """The bound or its gradient became non-finite."""
        return cls(
            "diverged",
            f"Diverged: the bound or its gradient became non-finite at step {step}; the state before that epoch is "
            "kept; "
            "lower the learning rate.",
            step,
        )

    @classmethod
    def interrupted(cls, epochs: int) -> Outcome:
        """Ctrl-C."""
        return cls("interrupted", f"Interrupted after {epochs} epochs; the best state so far is kept.")
