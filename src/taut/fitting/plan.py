"""How long a fit may go on, and how it ended."""

from __future__ import annotations

import dataclasses
import functools
from typing import Literal

import optax

from taut.errors import OptionError
from taut.printable import plural


@dataclasses.dataclass(frozen=True)
class Plan:
    """The budget and the steps of one fit.

    `schedule` is `cosine` (from `learning_rate` to a hundredth of it over all epochs) or `constant`; during the first
    `warm_up` epochs the rate rises from zero. Gradients are cut to the global norm `clip`. `patience` counts epochs
    without a rise of the held-out bound. `repeats` takes that many full-batch steps in each epoch. `hide_cells` is the
    share of looks at a row in which the guide misses further cells, those that another row of the data lacks, while the
    bound is that of all cells that are there: it holds for any q.

    Raises OptionError where a value makes no sense.
    """

    epochs: int = 100
    batch_size: int = 100
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    warm_up: float = 0.0
    clip: float = 100.0
    patience: int | None = None
    time_limit: float | None = None
    repeats: int = 1
    hide_cells: float = 0.0

    def __post_init__(self) -> None:
        for name, wanted, ok in (
            ("epochs", "at least 1", self.epochs >= 1),
            ("batch_size", "at least 1", self.batch_size >= 1),
            ("learning_rate", "a positive number", self.learning_rate > 0),
            ("schedule", "cosine or constant", self.schedule in ("cosine", "constant")),
            ("warm_up", "zero or more epochs", self.warm_up >= 0),
            ("clip", "a positive number", self.clip > 0),
            ("patience", "at least 1", self.patience is None or self.patience >= 1),
            ("repeats", "at least 1", self.repeats >= 1),
            ("hide_cells", "a share from 0 to 1", 0.0 <= self.hide_cells <= 1.0),
            ("time_limit", "a positive number of seconds", self.time_limit is None or self.time_limit > 0),
        ):
            if not ok:
                raise OptionError(f"`{name}` wants {wanted}; got {getattr(self, name)}; change it.")

    def check_batch(self, rows: int) -> None:
        """Raise OptionError where a batch would be larger than the data."""
        if self.batch_size > rows:
            raise OptionError(
                f"A batch wants at most as many rows as the data have; got a batch of {self.batch_size} for {rows} "
                "rows; make the batch smaller."
            )

    # The same object for the same plan: the compiled epoch of one fit then serves the next.
    @functools.lru_cache(maxsize=64)  # noqa: B019  a plan is a few numbers
    def optimiser(self, steps_per_epoch: int) -> optax.GradientTransformation:
        """Adam on clipped gradients, ascending (Kingma & Ba 2015)."""
        total = self.epochs * steps_per_epoch
        rising = min(round(self.warm_up * steps_per_epoch), total - 1)
        after = (
            optax.cosine_decay_schedule(self.learning_rate, max(total - rising, 1), alpha=0.01)
            if self.schedule == "cosine"
            else optax.constant_schedule(self.learning_rate)
        )
        rate = optax.join_schedules([optax.linear_schedule(0.0, self.learning_rate, max(rising, 1)), after], [rising])
        return optax.chain(optax.clip_by_global_norm(self.clip), optax.adam(rate))


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
        asked = "one epoch that was" if epochs == 1 else f"{epochs} epochs that were"
        return cls("budget spent", f"Stopped after the {asked} asked for; {kept}.")

    @classmethod
    def time_spent(cls, seconds: float, epochs: int) -> Outcome:
        """The time limit was reached."""
        return cls("time spent", f"Stopped at the time limit of {seconds:g} seconds after {plural(epochs, 'epoch')}.")

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
        return cls("interrupted", f"Interrupted after {plural(epochs, 'epoch')}; the best state so far is kept.")
