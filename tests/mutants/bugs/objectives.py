"""Bugs of objectives: gradients that climb something else, and values that are not the bound."""

import jax
import jax.numpy as jnp
from jax import lax

from taut import objectives
from taut.numerics import gaussian_kl, log_density
from taut.objectives import Climb, estimators, held
from taut.weights import Draw
from tests.mutants.oracles import climbing
from tests.mutants.planting import Mutant


def doubly_with(*, once=False, score_kept=False, prior_held=False, surrogate_reported=False):
    """`taut.objectives.doubly_reparameterised`, in which one thing can be wrong."""

    def doubly(bound, model, sample):
        q = sample.q if score_kept else held(sample.q)
        weight = sample.kl_weight
        through_latents = WEIGH_ALL(held(model), q, sample, sample.latents)
        weigh = weigh_with_the_prior_held if prior_held else WEIGH_ALL
        through_model = weigh(model, q, sample, lax.stop_gradient(sample.latents))
        log_w = LOG_WEIGHTS(through_latents, weight)
        share = lax.stop_gradient(jax.nn.softmax(log_w))
        pull = share if once else (1.0 - weight) * share + weight * share**2
        surrogate = jnp.sum(pull * log_w) + jnp.sum(share * LOG_WEIGHTS(through_model, weight))
        plain = LOG_WEIGHTS(through_latents)
        return Climb(surrogate, jnp.sum(share * plain) if surrogate_reported else bound(plain))

    return doubly


def weigh_with_the_prior_held(model, q, sample, latents):
    def one(z):
        divergence = log_density(q, z) - log_density(held(model.prior()), z)
        return Draw(z, model.log_likelihood(sample.x, z), divergence)

    return jax.vmap(one)(latents)


def path_with_the_prior_held(bound, model, sample):
    return CLIMB(bound, weigh_with_the_prior_held(model, held(sample.q), sample, sample.latents), sample)


def rate_of_every_draw(bound, model, sample):
    climb = ANALYTIC(bound, model, sample)
    rest = (len(sample.latents) - 1) * gaussian_kl(sample.q, model.prior())
    return Climb(climb.surrogate - sample.kl_weight * rest, climb.value - rest)


def weighted_value(bound, draws, sample):
    weighted = bound(LOG_WEIGHTS(draws, sample.kl_weight))
    return Climb(weighted, weighted)


WEIGH_ALL, LOG_WEIGHTS, CLIMB = estimators.weigh_all, estimators.log_weights_of, estimators.climb
ANALYTIC = objectives.analytic

DOUBLY, OF_PATH = (objectives, "doubly_reparameterised"), (objectives, "path")
FAULTLESS = {DOUBLY: doubly_with()}
GRID, PRIOR = climbing.importance_gradient_is_that_of_a_grid, climbing.learned_prior_has_its_gradient

MUTANTS = {
    "w̃ for w̃² in DReG": Mutant("listed", {DOUBLY: doubly_with(once=True)}, (GRID,)),
    "score of q left in DReG": Mutant("own", {DOUBLY: doubly_with(score_kept=True)}, (GRID,)),
    "path derivative inside a logarithm": Mutant("listed", {DOUBLY: objectives.path}, (GRID,)),
    "path derivative that holds the prior": Mutant("listed", {OF_PATH: path_with_the_prior_held}, (PRIOR,)),
    "DReG that holds the prior": Mutant("listed", {DOUBLY: doubly_with(prior_held=True)}, (PRIOR,)),
    "total for the path derivative": Mutant("own", {OF_PATH: objectives.total}, (climbing.landing_has_no_variance,)),
    "divergence counted for every draw": Mutant(
        "listed: global KL per item",
        {(objectives, "analytic"): rate_of_every_draw},
        (climbing.split_form_counts_its_rate_once,),
    ),
    "weighted bound reported": Mutant(
        "listed: β < 1 value",
        {(estimators, "climb"): weighted_value},
        (climbing.value_is_the_mean_log_weight, climbing.weights_move_gradients_and_no_value),
    ),
    "surrogate reported": Mutant(
        "benchmark_VAE 6419e21",
        {DOUBLY: doubly_with(surrogate_reported=True)},
        (climbing.value_is_the_log_mean_weight,),
    ),
}
