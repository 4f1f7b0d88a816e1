"""Bugs of the decomposition of the rate, and of calibration on simulated rows."""

import math

import jax.numpy as jnp
import numpy as np

from taut.auditing import calibration, rate_decomposition
from tests.mutants.oracles import latents
from tests.mutants.planting import Mutant


def own_row_left_out(z, means, spreads):
    """q(z) without the row that made the draw: here the row under which it is most probable."""
    each = np.stack([MIXTURE(z, means[n : n + 1], spreads[n : n + 1]) for n in range(len(means))])
    others = np.exp(each).sum(axis=0) - np.exp(each.max(axis=0))
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(others, 0.0)) - math.log(max(len(means) - 1, 1))


def part_of_the_rows(z, means, spreads):
    part = max(len(means) // 2, 1)
    return MIXTURE(z, means[:part], spreads[:part])


def number_of_rows_forgotten(z, means, spreads):
    return MIXTURE(z, means, spreads) + math.log(len(means))


def among_itself(value, draws, key):
    return RANK(value, jnp.append(draws, value - 1.0), key)


def of_a_draw_of_the_guide(value, draws, key):
    return RANK(draws[0], draws, key)


MIXTURE, RANK = rate_decomposition._log_mixture, calibration._rank
OF_RATE, OF_RANKS = (rate_decomposition, "_log_mixture"), (calibration, "_rank")
INFORMATION = (
    latents.rows_apart_are_told_apart,
    latents.mixture_is_that_of_brute_force,
    latents.identities_of_the_rate_hold,
)

MUTANTS = {
    "own row left out of q(z)": Mutant("listed", {OF_RATE: own_row_left_out}, INFORMATION[1:]),
    "q(z) of a part of the rows": Mutant("listed", {OF_RATE: part_of_the_rows}, INFORMATION[:2]),
    "log N forgotten in q(z)": Mutant("common", {OF_RATE: number_of_rows_forgotten}, INFORMATION[:2]),
    "latent ranked among itself": Mutant("common", {OF_RANKS: among_itself}, (latents.exact_posterior_is_calibrated,)),
    "a draw of the guide ranked for the latent": Mutant(
        "own", {OF_RANKS: of_a_draw_of_the_guide}, (latents.narrow_guide_is_found,)
    ),
}
