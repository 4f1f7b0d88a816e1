"""The two ends of a bracket from walks: the best of several statements, which share the chance of being wrong.

Each is Markov's inequality for a product of independent unbiased estimates, of whose variance nothing is assumed. All
walks of a row together are the tightest where there are many rows; each walk alone has a margin as many times smaller
as there are walks. What a control finds more is a lower bound as good as the main one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from taut.auditing.walks import Walks
from taut.bounds import annealed_upper_of_each, certified_lower, certified_upper
from taut.record import Estimate

# The assumption of the upper end on real rows; `Ledger.simulated` measures its effect.
STARTS = "the reverse walks start from independent draws of the posterior"
# Shares of an end's δ: for all walks of a row together, for each walk alone, and for each of at most four controls.
TOGETHER, ALONE, CONTROL = 0.4, 0.4, 0.05


class FoundElsewhere(NamedTuple):
    """Lower bounds on log p(x) of some rows, by their numbers, from another start."""

    start: str
    numbers: Int[np.ndarray, "some"]
    lower: Float[np.ndarray, "some"]


def lower_end(
    walks: Walks, numbers: Int[np.ndarray, "n"], elsewhere: Iterable[FoundElsewhere], *, delta: float
) -> Estimate:
    """The lower end of the mean of log p(x): the highest of these, P(it is above the truth) ≤ δ in all.

    A control of some rows stands beside the main walks of the others. One that failed in a row says nothing.
    """
    chains = walks.forward.shape[1]
    alone = np.where(np.isnan(walks.forward), -np.inf, walks.forward)
    ends = [
        certified_lower(walks.lower, delta=TOGETHER * delta, draws=chains),
        certified_lower(alone, delta=ALONE * delta, draws=chains),
    ]
    for found in elsewhere:
        values = np.asarray(walks.lower, np.float64).copy()
        values[np.searchsorted(numbers, found.numbers)] = np.where(np.isfinite(found.lower), found.lower, -np.inf)
        end = certified_lower(values, delta=CONTROL * delta)
        ends.append(dataclasses.replace(end, condition=f"{end.condition}, on some of them from {found.start}"))
    return dataclasses.replace(max(ends, key=lambda end: end.value), delta=delta)


def upper_end(walks: Walks, *, delta: float) -> Estimate:
    """The upper end of the mean of log p(x): the lowest of these, P(it is below) ≤ δ in all, if the starts hold."""
    chains = walks.forward.shape[1]
    ends = [
        certified_upper(walks.upper, delta=TOGETHER * delta, draws=chains),
        certified_upper(np.asarray(_of_each(walks.reverse, walks.forward)), delta=ALONE * delta, draws=chains),
    ]
    best = min(ends, key=lambda end: end.value)
    return dataclasses.replace(best, delta=delta, status="conditional-upper", condition=STARTS)


_of_each = jax.jit(jax.vmap(annealed_upper_of_each))
