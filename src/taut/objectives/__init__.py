"""Objectives: a bound, an estimator of its gradient, perhaps a penalty on a batch: something to climb.

Papers are one-line recipes of these parts.
"""

from taut.objectives.by_name import OBJECTIVES
from taut.objectives.estimators import (
    Apart,
    Climb,
    Sample,
    analytic,
    doubly_reparameterised,
    held,
    leave_one_out,
    path,
    sleep,
    total,
    wake,
)
from taut.objectives.objective import Objective
from taut.objectives.of_weights import Combination, OfGroups, PowerMean
from taut.objectives.recipes import (
    RECIPES,
    beta,
    chi,
    ciwae,
    dreg,
    elbo,
    iwae,
    miwae,
    piwae,
    refined,
    renyi,
    reweighted_wake_sleep,
    rloo,
    sticking_the_landing,
    vimco,
    wake_sleep,
)
from taut.objectives.regularisers import AbstractRegulariser, Batch
from taut.objectives.walked import Walked

__all__ = [
    "OBJECTIVES",
    "RECIPES",
    "AbstractRegulariser",
    "Apart",
    "Batch",
    "Climb",
    "Combination",
    "Objective",
    "OfGroups",
    "PowerMean",
    "Sample",
    "Walked",
    "analytic",
    "beta",
    "chi",
    "ciwae",
    "doubly_reparameterised",
    "dreg",
    "elbo",
    "held",
    "iwae",
    "leave_one_out",
    "miwae",
    "path",
    "piwae",
    "refined",
    "renyi",
    "reweighted_wake_sleep",
    "rloo",
    "sleep",
    "sticking_the_landing",
    "total",
    "vimco",
    "wake",
    "wake_sleep",
]
