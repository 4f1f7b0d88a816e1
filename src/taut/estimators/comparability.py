"""Whether log p(x) of several fits can be compared, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from taut import likelihoods
from taut.data import Column, Sheet, Table, digest, encode, kind_of
from taut.errors import DataError
from taut.estimators.training import Fitted
from taut.networks import CellInputs, Standardise
from taut.options import OWN

# Standard deviations of one column in two sets of training data: further apart than those of one kind of rows are.
OTHER_UNITS = 10.0


def check_comparable(runs: Mapping[str, Fitted], rows: Table | Sheet) -> None:
    """Raise DataError where the values would be of different kinds, or of different rows."""
    for (one, mine), (other, theirs) in combinations(runs.items(), 2):
        for complaint in _complaints(one, mine, other, theirs, rows):
            raise DataError(f"A comparison wants {complaint}.")


def _complaints(one: str, mine: Fitted, other: str, theirs: Fitted, rows: Table | Sheet) -> Iterator[str]:
    """What is unlike, the coarsest first."""
    yield from _given_complaints(one, mine, other, theirs)
    blocks = [side.schema.one_block is not None for side in (mine, theirs)]
    if not any(blocks):
        yield from _table_complaints(one, mine, other, theirs)
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
            "`missing`"
        )
    totals = [_given_total(fitted) for fitted in (mine, theirs)]
    if totals[0] != totals[1]:
        knows, does_not = (one, other) if totals[0] else (other, one)
        yield (
            f"models that know as much; `{knows}` is given the total of each row, which tells of its counts, and "
            f"`{does_not}` is not; fit both with one `size_factor`"
        )


def _given_total(fitted: Fitted) -> bool:
    sizes = fitted.architecture.conditions.sizes
    return sizes is not None and sizes.column is None


def _block_complaints(one: str, mine: Fitted, other: str, theirs: Fitted, rows: Table | Sheet) -> Iterator[str]:
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
    if mine.model.discrete != theirs.model.discrete:
        yield (
            f"probabilities or densities on both sides; `{one}` is {mine.likelihood.name} and `{other}` "
            f"{theirs.likelihood.name}, one of each; fit both with likelihoods of one kind"
        )
    binarised = any(side.binarisation.kind != "none" for side in (mine, theirs))
    if binarised and _rows_seen(mine, rows) != _rows_seen(theirs, rows):
        yield (
            f"the same rows for both; `{one}` and `{other}` binarise `{rows.name}` unalike; fit both with one "
            "`binarise` and one `random_state`, or on data that are zeros and ones already"
        )
    # What a likelihood of one's own covers is not known.
    supports = [_support(side) for side in (mine, theirs) if side.likelihood.name != OWN]
    if len(set(supports)) == 2:
        yield (
            f"likelihoods that cover the same values; {mine.likelihood.name} in `{one}` covers {supports[0]} and "
            f"{theirs.likelihood.name} in `{other}` {supports[1]}; fit both with one likelihood, on data that reach as "
            "far"
        )
    if mine.data_digest != theirs.data_digest and "all numbers" in supports:
        yield from _unit_complaints(one, other, _spreads(mine), _spreads(theirs), "varied {:.3g} times as much")


def _rows_seen(fitted: Fitted, rows: Table | Sheet) -> str:
    return digest(fitted.binarisation.for_evaluation(encode(fitted.schema, rows).values))


def _support(fitted: Fitted) -> str:
    """The values that the likelihood of a block gives probability to, in words that are the same for the same ones."""
    field, known = fitted.schema.modelled[0], likelihoods.known_family(fitted.likelihood.name)
    if known is None or known.largest is None or field.block is None:
        return "the whole numbers from 0 on" if fitted.model.discrete else "all numbers"
    numbers = "whole numbers" if known.discrete else "numbers"
    return f"the {numbers} from 0 to {known.largest(int(max(field.block.ends[1], 1)))[0]}"


def _spreads(fitted: Fitted) -> dict[str, float]:
    """How much each column of a block of real numbers varied, where the encoder says it."""
    inputs = getattr(fitted.guide, "inputs", None)
    if not isinstance(inputs, Standardise):
        return {}
    spreads = np.asarray(inputs.spread, np.float64) * np.array([entry.unit for entry in fitted.schema.entries])
    known = fitted.schema.entry_names
    names = range(len(spreads)) if known is None else [f"`{name}`" for name in known]
    return {str(name): float(spread) for name, spread in zip(names, spreads, strict=True)}


def _table_complaints(one: str, mine: Fitted, other: str, theirs: Fitted) -> Iterator[str]:
    """What is unlike, the coarsest first.

    Families of one kind may differ: a Gaussian and a Student's t are densities of the same values, and which of them
    is better is what a comparison is for.
    """
    own, others = _by_name(mine), _by_name(theirs)
    for run, columns, rival, known in ((one, own, other, others), (other, others, one, own)):
        for name in columns.keys() - known.keys():
            yield (
                f"models of the same columns; `{run}` models `{name}` and `{rival}` does not; fit both to one table "
                "with one schema"
            )
    for name, column in own.items():
        supports = kind_of(column).values(column), kind_of(others[name]).values(others[name])
        if supports[0] != supports[1]:
            yield (
                f"columns that cover the same values; `{name}` is {column.kind} in `{one}` and covers {supports[0]}, "
                f"while it is {others[name].kind} in `{other}` and covers {supports[1]}; fit both with one schema"
            )
    if _given(mine) != _given(theirs):
        yield f"models that are given the same columns; `{one}` and `{other}` are not; fit both with the same ones"
    if mine.data_digest != theirs.data_digest:
        yield from _unit_complaints(one, other, _scales(mine), _scales(theirs), "was {:.3g} times as large")


def _by_name(fitted: Fitted) -> dict[str, Column]:
    return {column.name: column for column in fitted.schema.modelled}


def _given(fitted: Fitted) -> list[str]:
    return sorted(column.name for column in fitted.schema.columns if column.given)


def _unit_complaints(one: str, other: str, mine: dict[str, float], theirs: dict[str, float], was: str) -> Iterator[str]:
    """Columns that were measured on another scale, the farthest first."""
    ratios = {name: mine[name] / theirs[name] for name in mine.keys() & theirs.keys()}
    for name in sorted(ratios, key=lambda each: -abs(np.log(ratios[each]))):
        if not 1 / OTHER_UNITS < ratios[name] < OTHER_UNITS:
            yield (
                f"models of data in the same units; column {name} {was.format(ratios[name])} where `{one}` was fitted "
                f"as where `{other}` was; fit both to data of one scale"
            )


def _scales(fitted: Fitted) -> dict[str, float]:
    """How large the values of each column that has a unit were: the spread of real ones, the typical positive one."""
    inputs: Any = getattr(fitted.guide, "inputs", None)
    if not isinstance(inputs, CellInputs):
        return {}
    spread, centre = np.asarray(inputs.spread, np.float64), np.asarray(inputs.centre, np.float64)
    found = {}
    for place, entry in enumerate(fitted.schema.entries):
        kind = kind_of(entry)
        # Dates and what lies between two ends have units of their own.
        if kind.scale is None or kind.bounded or kind.reads == "dates":
            continue
        found[f"`{entry.name}`"] = entry.unit * float(np.exp(centre[place]) if kind.above_zero else spread[place])
    return found
