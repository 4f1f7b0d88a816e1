"""Whether log p(x) of two runs that were fitted to tables can be compared, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from taut.data import Column, kind_of
from taut.estimators.training import Fitted
from taut.networks import CellInputs

# Standard deviations of one column in two sets of training data: further apart than those of one kind of rows are.
OTHER_UNITS = 10.0


def table_complaints(one: str, mine: Fitted, other: str, theirs: Fitted) -> Iterator[str]:
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
        yield from _unit_complaints(one, mine, other, theirs)


def _by_name(fitted: Fitted) -> dict[str, Column]:
    return {column.name: column for column in fitted.schema.modelled}


def _given(fitted: Fitted) -> list[str]:
    return sorted(column.name for column in fitted.schema.columns if column.given)


def _unit_complaints(one: str, mine: Fitted, other: str, theirs: Fitted) -> Iterator[str]:
    scales = _scales(mine), _scales(theirs)
    for name in scales[0].keys() & scales[1].keys():
        ratio = scales[0][name] / scales[1][name]
        if not 1 / OTHER_UNITS < ratio < OTHER_UNITS:
            yield (
                f"models of data in the same units; column `{name}` was {ratio:.3g} times as large where `{one}` was "
                f"fitted as where `{other}` was; fit both to data of one scale"
            )


def _scales(fitted: Fitted) -> dict[str, float]:
    """How large the values of each column that has a unit were: the spread of real ones, the typical positive one."""
    inputs: Any = getattr(fitted.guide, "inputs", None)
    if not isinstance(inputs, CellInputs):
        return {}
    found = {}
    for place, (name, column) in enumerate(_by_name(fitted).items()):
        if column.kind == "real":
            found[name] = column.unit * float(np.asarray(inputs.spread, np.float64)[place])
        elif column.kind == "positive":
            found[name] = column.unit * float(np.exp(np.asarray(inputs.centre, np.float64)[place]))
    return found
