"""Bugs of refined Gaussians and of how they are scored."""

import jax.numpy as jnp
import jax.random as jr

from taut.auditing import refinement
from taut.bounds import log_mean_weight, log_mean_weight_error
from taut.fitting import posterior
from taut.numerics import AffineMap
from taut.weights import pareto_khat
from tests.mutants.oracles import refining, walking
from tests.mutants.planting import Mutant


def refined_with(*, scored_as_chosen=False):
    """`taut.auditing.refinement.RefinementOfRow`, in which one thing can be wrong."""

    def refined(function, model, guide, x, *, key):
        fit_key, choice_key, score_key = jr.split(key, 3)
        q = guide(x)
        own = refinement.own_frame(q)
        full, diagonal = refinement._fits(model, x, q, own, fit_key)
        choosing = refinement._standard_draws(choice_key, refinement.CHOOSING, full[0])
        best_diagonal = refinement._best(model, x, diagonal, choosing)
        best_full = refinement._best(model, x, [*full, best_diagonal], choosing)
        family = best_full if refinement.family_of(q) == "full" else best_diagonal
        u = choosing if scored_as_chosen else refinement._standard_draws(score_key, function.draws, best_full)
        of_full, of_family, of_own = (refinement.log_ratios(model, x, frame, u) for frame in (best_full, family, own))
        differences = (of_family, of_full, of_family - of_own, of_full - of_family)
        numbers = [number for values in differences for number in refinement._mean_and_error(values)]
        return refinement.Refinement(
            best_full, *numbers, log_mean_weight(of_full), log_mean_weight_error(of_full), pareto_khat(of_full)
        )

    return refined


def first_candidate(model, x, candidates, u):
    """Whatever the optimiser ended in, though another family that it holds does better."""
    return candidates[0]


def no_volume(frame):
    return jnp.zeros((), frame.mean.dtype)


def no_prior(model, z):
    return 1e-6 * jnp.eye(z.shape[0], dtype=z.dtype)


OF_ROW, VOLUME = (refinement.RefinementOfRow, "__call__"), (AffineMap, "log_volume")
FAULTLESS = {OF_ROW: refined_with()}

MUTANTS = {
    "scored on the draws that chose": Mutant(
        "listed", {OF_ROW: refined_with(scored_as_chosen=True)}, (refining.refined_scores_are_those_of_fresh_draws,)
    ),
    "local optimum below the nested family kept": Mutant(
        "listed", {(refinement, "_best"): first_candidate}, (refining.nested_families_do_not_lose,)
    ),
    "volume of the frame dropped": Mutant(
        "listed",
        {VOLUME: no_volume},
        (
            refining.log_ratios_of_the_posterior_are_the_evidence,
            refining.frame_is_its_gaussian,
            walking.from_the_posterior_every_weight_is_the_evidence,
            walking.audited_walks_are_unbiased,
        ),
    ),
    "prior forgotten in the curvature": Mutant(
        "own", {(posterior, "prior_precision"): no_prior}, (refining.gaussian_posterior_is_found,)
    ),
}
