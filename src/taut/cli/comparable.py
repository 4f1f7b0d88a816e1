"""Whether log p(x) of several runs can be compared, and why not. Heavy: imported when a comparison begins."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from taut import likelihoods
from taut.cli.comparable_tables import OTHER_UNITS, table_complaints
from taut.cli.rows import Rows
from taut.data import Sheet, digest
from taut.datasets.loading import as_block
from taut.errors import DataError
from taut.estimators.training import Fitted
from taut.networks import Standardise


def check_comparable(runs: dict[str, Fitted], rows: Rows) -> None:
    """Raise DataError where the values would be of different kinds, or of different rows."""
    for (one, mine), (other, theirs) in combinations(runs.items(), 2):
        for complaint in _complaints(one, mine, other, theirs, rows):
            raise DataError(f"A comparison wants {complaint}.")


def _complaints(one: str, mine: Fitted, other: str, theirs: Fitted, rows: Rows) -> Iterator[str]:
    """What is unlike, the coarsest first."""
    yield from _given_complaints(one, mine, other, theirs)
    blocks = [side.schema.one_block is not None for side in (mine, theirs)]
    if not any(blocks):
        yield from table_complaints(one, mine, other, theirs)
        return
    if not all(blocks):
        table, block = (one, other) if blocks[1] else (other, one)
        yield (
            f"models of the same columns; `{table}` was fitted to a table, column by column, and `{block}` to one "
            "block of numbers; fit both in one way"
        )
        return
    yield from _block_complaints(one, mine, other, theirs, rows)


def _given_complaints(one: str, mine: Fitted, other: str, theirs: Fitted) -> Iterator[str]:
    """Whether both explain the same: cells alone or cells and holes, counts with their totals given or without."""
    if mine.architecture.missing != theirs.architecture.missing:
        yield (
            f"densities of the same; holes are {mine.architecture.missing} in `{one}` and "
            f"{theirs.architecture.missing} in `{other}`, and informative ones are part of log p; fit both with one "
            "`--missing`"
        )
    totals = [_given_total(fitted) for fitted in (mine, theirs)]
    if totals[0] != totals[1]:
        knows, does_not = (one, other) if totals[0] else (other, one)
        yield (
            f"models that know as much; `{knows}` is given the total of each row, which tells of its counts, and "
            f"`{does_not}` is not; fit both with one `--size-factor`"
        )


def _given_total(fitted: Fitted) -> bool:
    sizes = fitted.architecture.conditions.sizes
    return sizes is not None and sizes.column is None


def _block_complaints(one: str, mine: Fitted, other: str, theirs: Fitted, rows: Rows) -> Iterator[str]:
    """What is unlike, the coarsest first."""
    if mine.architecture.features != theirs.architecture.features:
        yield (
            f"models of the same columns; `{one}` was fitted to {mine.architecture.features} of them and `{other}` to "
            f"{theirs.architecture.features}; fit both to one table"
        )
    names, others = mine.schema.entry_names, theirs.schema.entry_names
    if names is not None and others is not None and names != others:
        unlike = next(pair for pair in zip(names, others, strict=True) if pair[0] != pair[1])
        yield (
            f"models of the same columns; where `{one}` has `{unlike[0]}`, `{other}` has `{unlike[1]}`; fit both to "
            "one table"
        )
    if mine.model.observation.discrete != theirs.model.observation.discrete:
        yield (
            f"probabilities or densities on both sides; `{one}` is {mine.likelihood.name} and `{other}` "
            f"{theirs.likelihood.name}, one of each; fit both with likelihoods of one kind"
        )
    if _rows_seen(mine, rows) != _rows_seen(theirs, rows):
        yield (
            f"the same rows for both; `{one}` and `{other}` binarise `{rows.name}` unalike; fit both with one "
            "`--binarise` and one `--seed`, or on data that are zeros and ones already"
        )
    supports = [_support(side.model.observation) for side in (mine, theirs)]
    if supports[0] != supports[1]:
        yield (
            f"likelihoods that cover the same values; {mine.likelihood.name} in `{one}` covers {supports[0]} and "
            f"{theirs.likelihood.name} in `{other}` {supports[1]}; fit both with one likelihood, on data that reach as "
            "far"
        )
    if unlike := _other_units(mine, theirs):
        column, ratio = unlike
        yield (
            f"models of data in the same units; column {column} varied {ratio:.3g} times as much where `{one}` was "
            f"fitted as where `{other}` was; fit both to data of one scale"
        )


def _rows_seen(fitted: Fitted, rows: Rows) -> str:
    values = as_block(rows).values if isinstance(rows, Sheet) else rows.values
    return digest(fitted.binarisation.for_evaluation(values))


def _support(likelihood: likelihoods.AbstractLikelihood) -> str:
    """The values that a likelihood gives probability to, in words that are the same for the same ones."""
    match likelihood:
        case likelihoods.Bernoulli():
            largest = 1
        case likelihoods.Binomial(total=total):
            largest = total
        case likelihoods.Categorical(classes=values) | likelihoods.DiscretisedLogistic(levels=values):
            largest = values - 1
        case likelihoods.ContinuousBernoulli():
            return "the numbers from 0 to 1"
        case _:
            return "the whole numbers from 0 on" if likelihood.discrete else "all numbers"
    return f"the whole numbers from 0 to {largest}"


def _other_units(mine: Fitted, theirs: Fitted) -> tuple[str, float] | None:
    """A column of real numbers that was measured on another scale, and how many times as large."""
    if mine.data_digest == theirs.data_digest or _support(mine.model.observation) != "all numbers":
        return None
    spreads = [_spreads(side) for side in (mine, theirs)]
    if any(spread is None for spread in spreads):
        return None
    ratios = np.divide(*(spread for spread in spreads if spread is not None))
    worst = int(np.argmax(np.abs(np.log(ratios))))
    if 1 / OTHER_UNITS < ratios[worst] < OTHER_UNITS:
        return None
    names = mine.schema.entry_names
    return (str(worst) if names is None else f"`{names[worst]}`"), float(ratios[worst])


def _spreads(fitted: Fitted) -> np.ndarray | None:
    """How much each column of a block of real numbers varied, where the encoder says it."""
    inputs = getattr(fitted.guide, "inputs", None)
    if not isinstance(inputs, Standardise):
        return None
    return np.asarray(inputs.spread, np.float64) * np.array([entry.unit for entry in fitted.schema.entries])
