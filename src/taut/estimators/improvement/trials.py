"""A candidate: trained from the weights of the best model so far, and held against it on the same rows."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from taut.auditing import AuditOptions, Comparison, Difference, RowResult
from taut.data import Sheet, Table, fields_like, generator, listed_values
from taut.errors import OptionError
from taut.estimators.comparability import check_comparable
from taut.estimators.comparison import Side, pair, rows_at, side_of
from taut.estimators.conditions import Conditioning
from taut.estimators.config import VAEConfig
from taut.estimators.evaluation import audit, encoded
from taut.estimators.improvement.splits import Splits
from taut.estimators.preparation import prepare_training_data
from taut.estimators.scoring import account
from taut.estimators.training import EPOCHS, Fitted, Moved, train
from taut.record import Estimate, Interval, Ledger, standard_error

# Nats: the mean width of the brackets by which a candidate is chosen, and of those that are reported.
CHOICE, REPORTED = 0.25, 0.1
# Of a normal distribution: two-sided 95 %.
NORMAL_95 = 1.96
# Epochs of a trial: fewer leave the rate no time to fall.
FEWEST_EPOCHS = 5
# The chance with which the brackets of a comparison may fail.
DELTA = 0.01

Stage = Callable[[str], None]


class Known(NamedTuple):
    """What is known of one model on some rows."""

    side: Side
    ledger: Ledger


@dataclasses.dataclass
class Bench:
    """Trains and measures candidates on the same rows; `on_stage` is told what is being done.

    `pace` is how many seconds an epoch takes for one pass through the decoder, 0 where that is not known.
    """

    X: Any
    splits: Splits
    seed: int
    on_stage: Stage
    pace: float

    @classmethod
    def of(cls, config: VAEConfig, fitted: Fitted, X: Any, splits: Splits, *, seed: int, on_stage: Stage) -> Bench:
        """A bench at the pace of a fit."""
        return cls(X, splits, seed, on_stage, _pace(config, fitted))

    def train(self, config: VAEConfig, start: Fitted, *, moved: tuple[Moved, ...], seconds: float) -> Fitted:
        """Fits with these options, one after the other, from the weights of another as far as they fit, in the time.

        Raises TautError where the options make no sense for these data, KeyboardInterrupt where it was interrupted.
        """
        self.on_stage("training")
        until = time.monotonic() + seconds
        for left, part in zip(range(len(moved), 0, -1), moved, strict=True):
            start = self._train(config, start, moved=part, seconds=max(until - time.monotonic(), 1.0) / left)
        return start

    def _train(self, config: VAEConfig, start: Fitted, *, moved: Moved, seconds: float) -> Fitted:
        began = time.monotonic()
        epochs = self._epochs(config, seconds)
        config = dataclasses.replace(config, max_epochs=epochs, time_limit=seconds, patience=None, verbose=False)
        data = prepare_training_data(
            self.X,
            likelihood=config.likelihood,
            schema=config.schema,
            na_values=listed_values(config.na_values),
            held_out=0.0,
            # That of the first fit, so that grey values are made zeros and ones alike.
            seed=start.seed,
            conditioning=Conditioning.of(config.condition_on, config.size_factor),
            by_column=start.schema.one_block is None,
            binarise=config.binarise,
            chosen=(self.splits.train, self.splits.selection),
        )
        fitted = train(config, data, seed=start.seed, began=began, start=start, moved=moved)
        if fitted.outcome.code == "interrupted":
            raise KeyboardInterrupt
        if moved == "all":
            self.pace = _pace(config, fitted)
        return fitted

    def _epochs(self, config: VAEConfig, seconds: float) -> int:
        """As many epochs as the time is enough for, by those of the last fit."""
        if self.pace == 0.0:
            return EPOCHS
        return int(min(max(seconds / (self.pace * _passes(config)), FEWEST_EPOCHS), EPOCHS))

    def held_out(self, fitted: Fitted) -> Table:
        """The rows that report, in the coding of a fit."""
        rows = rows_at(fields_like(fitted.schema, self.X), self.splits.report)
        return dataclasses.replace(encoded(fitted, rows), beside=None)

    def elbo(self, fitted: Fitted, numbers: np.ndarray) -> Side:
        """What the guide's own draws say of these rows: where the model is the same, nothing else differs."""
        self.on_stage("measuring")
        rows = rows_at(fields_like(fitted.schema, self.X), numbers)
        result = account(fitted, rows, draws=AuditOptions().draws, seed=self.seed)
        sound = np.isfinite(result.elbo)
        kept = RowResult(*(field[sound] for field in result))
        return Side("", np.flatnonzero(sound), np.flatnonzero(~sound).tolist(), kept)

    def measure(
        self, fitted: Fitted, numbers: np.ndarray, *, checks: bool, seconds: float, width: float = CHOICE
    ) -> Known:
        """An audit of these rows, with its checks and beside as many training rows, or of the brackets alone."""
        self.on_stage("measuring")
        rows = fields_like(fitted.schema, self.X)
        options = AuditOptions(
            width=width,
            seconds=max(seconds, 1.0),
            checks=checks,
            train=self._some_that_trained(rows, len(numbers)) if checks else None,
        )
        audited = audit(fitted, rows_at(rows, numbers), options=options, seed=self.seed)
        if audited.measured.ends is None and audited.measured.ended != "interrupted":
            raise OptionError(
                f"Improving wants time for brackets of log p(x); {seconds:.0f} s were too short for one; give more "
                "`seconds`.",
                option="seconds",
            )
        return Known(side_of("", audited), audited.ledger)

    def _some_that_trained(self, rows: Sheet, most: int) -> Any:
        # At random, since a file may be sorted.
        return rows_at(rows, np.sort(generator(self.seed).permutation(self.splits.train)[:most]))

    def check_comparable(self, new: Fitted, old: Fitted) -> None:
        """Raise DataError where log p(x) of the two is not of the same."""
        rows = rows_at(fields_like(old.schema, self.X), self.splits.selection)
        check_comparable({"the candidate": new, "the best so far": old}, rows)


class Outcome(NamedTuple):
    """The candidate minus the best so far, whether it is kept, and why."""

    elbo: Estimate
    evidence: Interval
    middle: Estimate
    kept: bool
    said: str


UNMOVED = Estimate(value=0.0, status="exact", condition="the model was held still")


def of_the_guide(new: Side, old: Side) -> Outcome:
    """A guide beside another of the same model: log p(x) is one, and the ELBO decides."""
    elbo = elbo_difference(new, old)
    kept = _is_surely_above(elbo)
    said = f"The ELBO rises by {elbo.value:.2f} nats a row." if kept else "The ELBO does not rise beyond its error."
    return Outcome(elbo, Interval(lower=UNMOVED, upper=UNMOVED), UNMOVED, kept, said)


def with_elbo_of(side: Side, other: Side) -> Side:
    """The rows of both, with the ELBO of the other: of two guides of one model, which has one log p(x)."""
    mine, theirs = np.isin(side.numbers, other.numbers), np.isin(other.numbers, side.numbers)
    rows = RowResult(*(field[mine] for field in side.rows))._replace(elbo=other.rows.elbo[theirs])
    ends = None if side.ends is None else (side.ends[0][mine], side.ends[1][mine])
    return dataclasses.replace(side, numbers=side.numbers[mine], rows=rows, ends=ends)


def _is_surely_above(difference: Estimate) -> bool:
    return difference.std_error is not None and difference.value - NORMAL_95 * difference.std_error > 0


def held_against(new: Known, old: Known, *, rows: int, delta: float = DELTA) -> Outcome:
    """The candidate beside the best so far on the rows that both were measured on.

    It is kept where log p(x) rises by more than the brackets leave open and 1.96 standard errors over rows, or where
    the ELBO does and log p(x) is not seen to fall.
    """
    difference = pair(new.side, old.side, delta=delta, rows=rows).difference
    elbo = elbo_difference(new.side, old.side)
    evidence, middle = interval_of(difference), _middle(difference)
    error = difference.std_error
    if evidence.lower.value - NORMAL_95 * error > 0:
        return Outcome(elbo, evidence, middle, True, f"log p(x) rises by {middle.value:.2f} nats a row.")
    falls = difference.mean < -NORMAL_95 * error
    if _is_surely_above(elbo) and not falls:
        return Outcome(
            elbo, evidence, middle, True, f"The ELBO rises by {elbo.value:.2f} nats a row; log p(x) does not fall."
        )
    return Outcome(elbo, evidence, middle, False, "log p(x) falls." if falls else "Nothing rises beyond its error.")


def elbo_difference(new: Side, old: Side) -> Estimate:
    """The paired mean of the ELBO of one minus that of the other, on the rows of both."""
    mine, theirs = np.isin(new.numbers, old.numbers), np.isin(old.numbers, new.numbers)
    differences = new.rows.elbo[mine].astype(np.float64) - old.rows.elbo[theirs]
    return Estimate(
        value=float(differences.mean()),
        std_error=float(standard_error(differences)),
        condition="paired by row; error over rows",
    )


def interval_of(difference: Comparison | Difference) -> Interval:
    """The two ends of a difference; where one side has no upper bound, the difference of lower ones alone."""
    error = difference.std_error
    if isinstance(difference, Difference):
        condition = "lower bounds on both sides, without a direction; error over rows"
        return Interval(lower=Estimate(value=difference.mean, std_error=error, condition=condition), upper=None)
    condition = "from brackets on both sides, if their upper ends hold; error over rows"
    ends = (
        Estimate(value=end, std_error=error, delta=difference.delta, condition=condition)
        for end in (difference.lower, difference.upper)
    )
    return Interval(lower=next(ends), upper=next(ends))


def _middle(difference: Comparison | Difference) -> Estimate:
    return Estimate(value=difference.mean, std_error=difference.std_error, condition="paired by row; error over rows")


def _pace(config: VAEConfig, fitted: Fitted) -> float:
    known = [row.seconds for row in fitted.history[1:] if row.seconds > 0]
    return statistics.median(known) / _passes(config) if known else 0.0


def _passes(config: VAEConfig) -> float:
    """About how many passes through the decoder an epoch takes: one for each draw, beside what all share."""
    if not isinstance(config.objective, str):
        return 1.0
    _, colon, numbers = config.objective.partition(":")
    return 0.5 * (1.0 + math.prod(int(number) for number in numbers.split(","))) if colon else 1.0
