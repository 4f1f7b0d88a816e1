"""Bugs of log-weights: how they are drawn, put together, spread over rows and judged."""

import math

import jax.numpy as jnp
import jax.random as jr

from taut import weights
from taut.numerics import gaussian_kl, log_density, one_draw
from tests.laws import checks
from tests.mutants.planting import Mutant


def divergence_inside_the_likelihood(model, x, z, log_q):
    divergence = log_q - log_density(model.prior(), z)
    return weights.Draw(z, model.log_likelihood(x, z) - divergence, divergence)


def weights_from_the_closed_form_divergence(model, q, x, *, key):
    z = one_draw(q, key=key)
    return weights.Draw(z, model.log_likelihood(x, z), gaussian_kl(q, model.prior()))


def drawn_from_the_prior(model, q, x, *, key):
    return weights.weigh(model, q, x, one_draw(model.prior(), key=key))


def at_least_a_batch_of_keys(key, draws):
    return jr.split(key, max(draws, 100))


def whole_chunks(model, guide, x, *, draws, key, chunk=None):
    rounded = draws if chunk is None else math.ceil(draws / chunk) * chunk
    return LOG_WEIGHTS(model, guide, x, draws=rounded, key=key)


def one_key_for_all_chunks(model, guide, x, *, draws, key, chunk=None):
    if chunk is None or chunk >= draws:
        return LOG_WEIGHTS(model, guide, x, draws=draws, key=key)
    first = LOG_WEIGHTS(model, guide, x, draws=chunk, key=key)
    return jnp.tile(first, math.ceil(draws / chunk))[:draws]


def last_block_only(n, block):
    yield list(BLOCKS(n, block))[-1]


def remainder_dropped(n, block):
    yield from list(BLOCKS(n, block))[: n // block]


def keys_by_place_in_the_block(function, model, guide, data, key, numbers, aside, mesh):
    return BLOCK(function, model, guide, data, key, jnp.arange(len(numbers)), aside, mesh)


def one_key_for_all_rows(function, model, guide, data, key, numbers, aside, mesh):
    return BLOCK(function, model, guide, data, key, jnp.zeros_like(numbers), aside, mesh)


def effective_number_of_unnormalised_weights(log_w):
    return jnp.sum(jnp.exp(log_w)) ** 2


def khat_without_prior(log_w):
    tail = math.ceil(min(0.2 * log_w.shape[0], 3.0 * math.sqrt(log_w.shape[0])))
    return (KHAT(log_w) * (tail + 10.0) - 5.0) / tail


def khat_of_the_other_tail(log_w):
    return KHAT(-log_w)


LOG_WEIGHTS, BLOCKS, BLOCK, KHAT = weights.log_weights, weights._blocks, weights._block, weights.pareto_khat
WEIGH, DRAW, DRAWN = (weights, "weigh_known"), (weights, "draw"), (weights, "log_weights")
IN_BLOCKS, OF_BLOCK, OF_TAIL = (weights, "_blocks"), (weights, "_block"), (weights, "pareto_khat")
EXACT, AVERAGES = (
    checks.log_weights_are_log_evidence_under_the_exact_posterior,
    checks.weights_average_to_the_evidence,
)
COMPANY, ASKED = checks.rows_alone_and_in_company_are_the_same, checks.draws_used_are_draws_asked

MUTANTS = {
    "divergence inside p(x|z)": Mutant(
        "scvi-tools #1032", {WEIGH: divergence_inside_the_likelihood}, (EXACT, AVERAGES)
    ),
    "weights from the closed-form divergence": Mutant(
        "benchmark_VAE, old versions", {DRAW: weights_from_the_closed_form_divergence}, (AVERAGES,)
    ),
    "z drawn from the prior": Mutant("own", {DRAW: drawn_from_the_prior}, (AVERAGES,)),
    "fewer draws than a batch are a batch": Mutant(
        "benchmark_VAE 6419e21", {(weights, "draw_keys"): at_least_a_batch_of_keys}, (ASKED,)
    ),
    "draws rounded up to whole chunks": Mutant("scvi-tools, `marginal_ll`", {DRAWN: whole_chunks}, (ASKED,)),
    "every chunk with the same key": Mutant("own", {DRAWN: one_key_for_all_chunks}, (ASKED,)),
    "last block only": Mutant("scvi-tools #1032", {IN_BLOCKS: last_block_only}, (COMPANY,)),
    "remainder of the rows dropped": Mutant("common", {IN_BLOCKS: remainder_dropped}, (COMPANY,)),
    "keys by place in the block": Mutant("own", {OF_BLOCK: keys_by_place_in_the_block}, (COMPANY,)),
    "one key for all rows": Mutant(
        "own", {OF_BLOCK: one_key_for_all_rows}, (checks.rows_have_noise_of_their_own, COMPANY)
    ),
    "effective number of unnormalised weights": Mutant(
        "own",
        {(weights, "effective_sample_size"): effective_number_of_unnormalised_weights},
        (checks.bounds_of_known_weights,),
    ),
    "k̂ without its prior": Mutant("own", {OF_TAIL: khat_without_prior}, (checks.khat_equals_arviz,)),
    "k̂ of the other tail": Mutant("common", {OF_TAIL: khat_of_the_other_tail}, (checks.khat_equals_arviz,)),
}
