"""The search: diagnose, pull the lever that promises most, keep what is confirmed, diagnose again."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from taut.errors import TautError
from taut.estimators.config import VAEConfig
from taut.estimators.improvement.levers import Best, Change, Pull, changed, pulls
from taut.estimators.improvement.report import Kept, reported
from taut.estimators.improvement.splits import splits_of
from taut.estimators.improvement.trials import Bench, Known, held_against, of_the_guide, with_elbo_of
from taut.estimators.training import Fitted
from taut.record import IMPROVEMENT_FORMAT, OF_THE_BOUND, Improvement, Ledger, Trial
from taut.version import __version__

# Shares of the time: the first diagnosis, which compiles, and later ones; the training of a candidate and its bracket;
# the report.
FIRST, DIAGNOSIS, TRAINING, BRACKET, REPORT = 0.5, 0.25, 0.15, 0.2, 0.25
DONE, TIME_SPENT, INTERRUPTED = (
    "Nothing that is left to try promises more than its error.",
    "The time is spent.",
    "Interrupted; the best so far was kept.",
)
NOTE = (
    "The epoch of the old run was chosen on the rows that it held out, which select and report here: that favours it."
)
# What is being done, and the share of the time that is spent.
Progress = Callable[[str, float], None]


class Improved(NamedTuple):
    """The best model that was found, its options, and the account of how."""

    config: VAEConfig
    fitted: Fitted
    account: Improvement


@dataclasses.dataclass
class _Clock:
    began: float
    seconds: float

    def spent(self) -> float:
        return time.monotonic() - self.began

    def left(self) -> float:
        """Seconds for the search: the report has a share of its own."""
        return self.seconds * (1.0 - REPORT) - self.spent()

    def share(self, part: float, *, leaving: float = 0.0) -> float:
        """So much of the whole, if there is; and of what is left it leaves a share."""
        return min(part * self.seconds, max(self.left(), 0.0) * (1.0 - leaving))


def improve(
    config: VAEConfig,
    fitted: Fitted,
    X: Any,
    *,
    seconds: float,
    seed: int = 0,
    on_stage: Progress | None = None,
    began: float | None = None,
) -> Improved:
    """Pull the levers that the ledger names, in the order of the nats that they promise, and keep what wins.

    Raises DataError where X has too few rows that the fit has not seen, or other columns.
    """
    clock = _Clock(time.monotonic() if began is None else began, seconds)
    search = _Search(config, fitted, X, seed=seed, clock=clock, on_stage=on_stage)
    ended = search.run()
    account = search.account(ended)
    return Improved(search.best.config, search.fitted, account)


def _with_verdicts_on_the_model(new: Ledger, old: Ledger) -> Ledger:
    """What a guide changes from the new ledger, the columns and the rest from the old one."""
    verdicts = [verdict for verdict in new.verdicts if verdict.lever in OF_THE_BOUND]
    verdicts += [verdict for verdict in old.verdicts if verdict.lever not in OF_THE_BOUND]
    return dataclasses.replace(new, verdicts=verdicts, columns=old.columns)


class _Search:
    """The state of a search."""

    best: Best
    known: Any = None

    def __init__(
        self, config: VAEConfig, fitted: Fitted, X: Any, *, seed: int, clock: _Clock, on_stage: Progress | None
    ) -> None:
        self.clock, self.seed, self._told = clock, seed, on_stage
        self._doing = "the run as it is"
        splits = splits_of(fitted, X, seed=seed)
        self.bench = Bench.of(config, fitted, X, splits, seed=seed, on_stage=self._tell)
        self.config, self.first = config, fitted
        self.kept: list[Kept] = []
        self.trials: list[Trial] = []

    def run(self) -> str:
        """Search until nothing is left to try, and say why it ended."""
        try:
            self._is_best(self.config, self.first, self._measured(self.first, checks=True, share=FIRST))
            tried: set[str] = set()
            while (pull := next((one for one in pulls(self.best) if one.change.said not in tried), None)) is not None:
                if self.clock.left() <= 0:
                    return TIME_SPENT
                tried.add(pull.change.said)
                if self._try(pull):
                    tried = {pull.change.said}
        except KeyboardInterrupt:
            if self.known is None:
                raise
            return INTERRUPTED
        return DONE

    def _diagnose(self, change: Change) -> None:
        """Measure what was just kept, if there is time; what was said of a model that is the same is said still."""
        old, config, fitted = self.best.ledger, self.best.config, self.best.fitted
        try:
            known = self._measured(fitted, checks=not change.of_the_guide, share=DIAGNOSIS)
        except TautError:
            return
        if change.of_the_guide:
            known = known._replace(ledger=_with_verdicts_on_the_model(known.ledger, old))
        self._is_best(config, fitted, known)

    def _measured(self, fitted: Fitted, *, checks: bool, share: float) -> Known:
        return self.bench.measure(
            fitted, self.bench.splits.selection, checks=checks, seconds=self.clock.share(share)
        )  # fmt: skip

    def _try(self, pull: Pull) -> bool:
        """Train and measure one candidate; whether it is the best now."""
        began, self._doing = time.monotonic(), pull.change.said
        rows = self.bench.splits.selection
        try:
            config = changed(self.best.config, pull.change)
            fitted = self.bench.train(
                config,
                self.best.fitted,
                moved=pull.change.moved,
                seconds=self.clock.share(TRAINING, leaving=0.5),
            )
            if pull.change.of_the_guide:
                new = self.bench.elbo(fitted, rows)
                found = of_the_guide(new, self.known.side)
                known = self.known._replace(side=with_elbo_of(self.known.side, new))
            else:
                self.bench.check_comparable(fitted, self.best.fitted)
                known = self._measured(fitted, checks=False, share=BRACKET)
                found = held_against(known, self.known, rows=len(rows))
        except TautError as error:
            self._note(pull, began, kept=False, said=f"It could not be tried. {error}")
            return False
        won = found.elbo if pull.lever in OF_THE_BOUND else found.middle
        self._note(
            pull, began, kept=found.kept, said=found.said, elbo=found.elbo, evidence=found.evidence, won=won
        )  # fmt: skip
        if found.kept:
            self.kept.append(Kept(pull.change, fitted))
            self._is_best(config, fitted, known)
            self._diagnose(pull.change)
        return found.kept

    def _is_best(self, config: VAEConfig, fitted: Fitted, known: Known) -> None:
        self.best, self.known = Best(config, fitted, known.ledger), known

    def _note(self, pull: Pull, began: float, **found: Any) -> None:
        verdict = pull.verdict
        self.trials.append(
            Trial(
                change=pull.change.said,
                lever=pull.lever,
                verdict=None if verdict is None else verdict.code,
                promise=pull.promise,
                seconds=round(time.monotonic() - began, 2),
                **found,
            )
        )

    @property
    def fitted(self) -> Fitted:
        """The best so far, with the rows that report as those held out; the run as it was where nothing was kept."""
        if not self.kept:
            return self.first
        return dataclasses.replace(self.best.fitted, held_out=self.bench.held_out(self.best.fitted))

    def account(self, ended: str) -> Improvement:
        """What was tried and won, with the models that were kept measured on rows that no choice has seen."""
        self._doing = "the rows that report"
        found = reported(self.bench, self.first, self.kept, seconds=REPORT * self.clock.seconds)
        splits = self.bench.splits
        return Improvement(
            format=IMPROVEMENT_FORMAT,
            taut=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            title=self.first.data_name,
            rows={name: len(rows) for name, rows in splits._asdict().items()},
            seconds=round(self.clock.spent(), 2),
            seed=self.seed,
            trials=self.trials,
            stages=found.stages,
            difference=found.difference,
            elbo_difference=found.elbo,
            left=[verdict for verdict in self.best.ledger.verdicts if verdict.lever is not None],
            ended=ended,
            notes=[NOTE],
        )

    def _tell(self, stage: str) -> None:
        if self._told is not None:
            self._told(f"{self._doing}: {stage}", min(self.clock.spent() / self.clock.seconds, 1.0))
