"""Objectives: a bound, an estimator of its gradient, perhaps a penalty on a batch: something to climb.

Papers are one-line recipes of these parts.
"""

from taut.objectives.aggregated import Discrepancy, TotalCorrelation
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
    beta_tc,
    chi,
    ciwae,
    dip_i,
    dip_ii,
    dreg,
    elbo,
    free_bits,
    iwae,
    miwae,
    mmd,
    piwae,
    refined,
    renyi,
    reweighted_wake_sleep,
    rloo,
    sticking_the_landing,
    vimco,
    wake_sleep,
)
from taut.objectives.regularisers import AbstractRegulariser, Batch, FreeBits, MomentMatching
from taut.objectives.walked import Walked

__all__ = [
    "OBJECTIVES",
    "RECIPES",
    "AbstractRegulariser",
    "Apart",
    "Batch",
    "Climb",
    "Combination",
    "Discrepancy",
    "FreeBits",
    "MomentMatching",
    "Objective",
    "OfGroups",
    "PowerMean",
    "Sample",
    "TotalCorrelation",
    "Walked",
    "analytic",
    "beta",
    "beta_tc",
    "chi",
    "ciwae",
    "dip_i",
    "dip_ii",
    "doubly_reparameterised",
    "dreg",
    "elbo",
    "free_bits",
    "held",
    "iwae",
    "leave_one_out",
    "miwae",
    "mmd",
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
