"""Objectives: what training climbs. A bound × a gradient estimator × a number of draws; papers are one-line recipes."""

from taut.objectives.gradients import analytic, doubly_reparameterised, path, total
from taut.objectives.objective import Objective
from taut.objectives.recipes import OBJECTIVES, RECIPES, beta, dreg, elbo, iwae, sticking_the_landing

__all__ = [
    "OBJECTIVES",
    "RECIPES",
    "Objective",
    "analytic",
    "beta",
    "doubly_reparameterised",
    "dreg",
    "elbo",
    "iwae",
    "path",
    "sticking_the_landing",
    "total",
]
