"""Bugs of lower bounds as functions of log-weights, and of their certificates."""

import dataclasses

import jax.numpy as jnp
from jax.scipy.special import logsumexp

from taut.bounds import lower
from taut.numerics import log_mean_exp, logarithms
from tests.laws import checks
from tests.mutants.oracles import climbing
from tests.mutants.planting import Mutant


def mean_over_the_living(a):
    alive = jnp.isfinite(a)
    return logsumexp(jnp.where(alive, a, -jnp.inf)) - jnp.log(jnp.sum(alive))


def elbo_as(function):
    """The same mistake in both places where log-weights become an ELBO: of an objective, and as an estimate."""

    def estimated(log_w):
        return dataclasses.replace(ESTIMATED(log_w), value=float(function(log_w)))

    return {(lower, "mean_log_weight"): function, (lower, "elbo"): estimated}


def margin_forgotten(log_means, *, delta=0.01, draws=None):
    return CERTIFIED(log_means, delta=1.0, draws=draws)


def half_the_margin(log_means, *, delta=0.01, draws=None):
    return CERTIFIED(log_means, delta=delta**0.5, draws=draws)


CERTIFIED, ESTIMATED = lower.certified_lower, lower.elbo
MEAN, CERTIFICATE = (logarithms, "log_mean_exp"), (lower, "certified_lower")
BY_HAND, RATE = checks.bounds_of_known_weights, checks.importance_bias_falls_as_one_over_draws
VALUE, FREQUENCY = climbing.value_is_the_mean_log_weight, checks.certificate_fails_no_more_often_than_it_says

MUTANTS = {
    "log K forgotten": Mutant("common", {MEAN: logsumexp}, (BY_HAND, RATE)),
    "mean of logs for log of mean": Mutant("common", {MEAN: jnp.mean}, (BY_HAND, RATE)),
    "log of mean for mean of logs": Mutant("common", elbo_as(log_mean_exp), (BY_HAND, VALUE)),
    "ELBO with its sign flipped": Mutant(
        "blackjax, `MFVIInfo.elbo`", elbo_as(lambda log_w: -jnp.mean(log_w)), (BY_HAND, VALUE)
    ),
    "dead draws dropped": Mutant("listed", {MEAN: mean_over_the_living}, (BY_HAND,)),
    "certificate without its margin": Mutant("listed", {CERTIFICATE: margin_forgotten}, (FREQUENCY,)),
    "certificate with half its margin": Mutant("listed", {CERTIFICATE: half_the_margin}, (FREQUENCY,)),
}
