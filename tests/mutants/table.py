"""All mutants by what they break, and the oracles that are asked."""

from tests.mutants.bugs import (
    bounds,
    brackets,
    kernels,
    latents,
    likelihoods,
    models,
    objectives,
    quadrature,
    refinement,
    walks,
    weights,
)
from tests.mutants.planting import Mutant, Oracle

GROUPS: dict[str, dict[str, Mutant]] = {
    "Bounds from log-weights": bounds.MUTANTS,
    "Log-weights": weights.MUTANTS,
    "Likelihoods": likelihoods.MUTANTS,
    "Models and exact terms": models.MUTANTS,
    "Proven integrals": quadrature.MUTANTS,
    "Objectives": objectives.MUTANTS,
    "Hamiltonian steps": kernels.MUTANTS,
    "Annealed walks": walks.MUTANTS,
    "Bounds from walks, and brackets": brackets.MUTANTS,
    "Refined Gaussians": refinement.MUTANTS,
    "Decomposition of the rate and calibration": latents.MUTANTS,
}
MUTANTS: dict[str, Mutant] = {name: mutant for group in GROUPS.values() for name, mutant in group.items()}

# What the mutants with switches are copies of: with no switch turned, no oracle may object.
FAULTLESS = {
    "step": (kernels.FAULTLESS, kernels.MUTANTS),
    "walk": (walks.FAULTLESS, walks.MUTANTS),
    "upper bound": (brackets.FAULTLESS, brackets.MUTANTS),
    "doubly reparameterised": (objectives.FAULTLESS, objectives.MUTANTS),
    "refinement": (refinement.FAULTLESS, refinement.MUTANTS),
}


def oracles(mutants: dict[str, Mutant]) -> list[Oracle]:
    """The oracles that these mutants name, each once, in order."""
    return list(dict.fromkeys(killer for mutant in mutants.values() for killer in mutant.killers))
