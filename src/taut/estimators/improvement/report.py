"""The models that were kept, on rows that no choice has seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from taut.errors import TautError
from taut.estimators.comparison import Side, pair
from taut.estimators.improvement.levers import Change
from taut.estimators.improvement.trials import (
    DELTA,
    REPORTED,
    UNMOVED,
    Bench,
    elbo_difference,
    interval_of,
    with_elbo_of,
)
from taut.estimators.training import Fitted
from taut.record import Estimate, Interval, Stage

AS_IT_WAS = "the run as it was"


class Kept(NamedTuple):
    """A change that was kept, and the model after it."""

    change: Change
    fitted: Fitted


class Reported(NamedTuple):
    """The stages from the old model to the new one, and the last minus the first of log p(x) and of the ELBO."""

    stages: list[Stage]
    difference: Interval | None
    elbo: Estimate | None


def reported(bench: Bench, first: Fitted, kept: Sequence[Kept], *, seconds: float) -> Reported:
    """The models on the rows that report, in so many seconds; nothing of what was interrupted or had no time."""
    stages: list[Stage] = []
    sides: list[Side] = []
    try:
        for stage, side in _stages(bench, first, kept, seconds):
            stages.append(stage)
            sides.append(side)
    except (KeyboardInterrupt, TautError):
        return Reported(stages, None, None)
    if len(sides) < 2:
        return Reported(stages, None, None)
    elbo = elbo_difference(sides[-1], sides[0])
    if all(one.change.of_the_guide for one in kept):
        return Reported(stages, Interval(lower=UNMOVED, upper=UNMOVED), elbo)
    difference = pair(sides[-1], sides[0], delta=DELTA, rows=len(bench.splits.report)).difference
    return Reported(stages, interval_of(difference), elbo)


def _stages(bench: Bench, first: Fitted, kept: Sequence[Kept], seconds: float) -> Iterator[tuple[Stage, Side]]:
    """The old model, and the best after each change that was kept; the first and the last model are checked."""
    models = [number for number, one in enumerate(kept) if not one.change.of_the_guide]
    share = seconds / (1 + len(models))
    known = _measured(bench, Kept(Change(AS_IT_WAS, {}), first), None, checks=True, seconds=share)
    yield known
    for number, one in enumerate(kept):
        if one.change.of_the_guide:
            known = _of_another_guide(bench, one, *known)
        else:
            known = _measured(bench, one, known[1], checks=number == models[-1], seconds=share)
        yield known


def _measured(bench: Bench, one: Kept, before: Side | None, *, checks: bool, seconds: float) -> tuple[Stage, Side]:
    """A model, beside the one before it."""
    report = bench.splits.report
    known = bench.measure(one.fitted, report, checks=checks, seconds=seconds, width=REPORTED)
    evidence, won = known.ledger.evidence, None
    if before is not None:
        found = pair(known.side, before, delta=DELTA, rows=len(report)).difference
        won = Estimate(value=found.mean, std_error=found.std_error, condition="paired by row; error over rows")
    interval = Interval(lower=evidence.lower, upper=evidence.upper)
    return Stage(change=one.change.said, elbo=known.ledger.elbo, evidence=interval, won=won), known.side


def _of_another_guide(bench: Bench, one: Kept, stage: Stage, side: Side) -> tuple[Stage, Side]:
    """The stage before, with the ELBO of another guide of the same model."""
    new = bench.elbo(one.fitted, bench.splits.report)
    elbo = Estimate.of_mean(new.rows.elbo, "below the mean of log p(x) in expectation")
    return dataclasses.replace(stage, change=one.change.said, elbo=elbo, won=UNMOVED), with_elbo_of(side, new)
