"""Bugs of the integrals that are proven."""

import importlib

import numpy as np

from tests.laws import checks
from tests.mutants.planting import Mutant

partition = importlib.import_module("taut.bounds.partition")
NODES = partition._nodes


def unweighted_nodes(count, latents):
    places, log_weights = NODES(count, latents)
    return places, np.full_like(log_weights, -latents * np.log(count))


def seen_at_the_middle(function, low, high):
    """What is known of a point, said of a whole box."""
    value = function(0.5 * (low + high))
    return value - 0.1, value + 0.1, high - low


MUTANTS = {
    "nodes without their weights": Mutant(
        "own", {(partition, "_nodes"): unweighted_nodes}, (checks.quadrature_equals_closed_form,)
    ),
    "a box may hide a peak": Mutant(
        "own", {(partition, "enclosed_by_slopes"): seen_at_the_middle}, (checks.no_narrow_peak_is_missed,)
    ),
}
