"""Counts of any size: their log-probabilities in single precision, held against scipy's in double.

Reported as pyro-ppl/numpyro#563 and #2193, jax-ml/jax#16566 and stan-dev/math#1495 (log-probabilities above 0, or
NaN), and as pyro-ppl/numpyro#491 (draws far below their mean).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from taut.likelihoods import Binomial, NegativeBinomial, Poisson, ZeroInflated
from taut.numerics import positive
from tests.laws import checks

MEANS = [1e-6, 1e-2, 1.0, 30.0, 1e3, 1e5, 1e7]
CONCENTRATIONS = [0.01, 0.5, 5.0, 500.0, 1e5, 1e8]
QUANTILES = [0.001, 0.5, 0.999]


def log_probabilities(distribution, counts):
    return np.asarray([distribution.log_prob(jnp.array([count], jnp.float32)) for count in counts], np.float64)


def overdispersed(mean, concentration):
    """A negative binomial, and the mean and concentration that it has in single precision."""
    raw = jnp.log(jnp.expm1(jnp.array([min(concentration, 30.0)], jnp.float32)))
    raw = raw if concentration <= 30 else jnp.array([concentration], jnp.float32)
    likelihood = eqx.tree_at(lambda each: each.raw_concentration, NegativeBinomial(1), raw)
    log_mean = jnp.log(jnp.array([mean], jnp.float32))
    return likelihood(log_mean), np.exp(np.float64(log_mean[0])), np.float64(positive(raw)[0])


@pytest.mark.parametrize("mean", MEANS)
def test_poisson_counts(mean):
    log_mean = jnp.log(jnp.array([mean], jnp.float32))
    exact = stats.poisson(np.exp(np.float64(log_mean[0])))
    counts = np.float32(exact.ppf(QUANTILES))
    found = log_probabilities(Poisson(1)(log_mean), counts)
    np.testing.assert_allclose(found, exact.logpmf(np.float64(counts)), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("concentration", CONCENTRATIONS)
def test_overdispersed_counts(concentration):
    for mean in MEANS:
        distribution, mean, r = overdispersed(mean, concentration)  # noqa: PLW2901  as single precision has it
        exact = stats.nbinom(r, r / (r + mean))
        counts = np.float32(exact.ppf(QUANTILES))
        found = log_probabilities(distribution, counts)
        np.testing.assert_allclose(found, exact.logpmf(np.float64(counts)), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("total", [1, 16, 255, 10_000, 1_000_000, 10_000_000])
def test_counts_out_of_a_total(total):
    for share in (1e-6, 0.1, 0.5, 0.999):
        logits = jnp.array([np.log(share / (1 - share))], jnp.float32)
        exact = stats.binom(total, 1 / (1 + np.exp(-np.float64(logits[0]))))
        counts = np.append(np.float32(exact.ppf(QUANTILES)), [0, total])
        found, expected = log_probabilities(Binomial(1, total=total)(logits), counts), exact.logpmf(counts)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_no_log_probability_is_above_zero():
    distribution, *_ = overdispersed(1e9, 500.0)
    found = log_probabilities(distribution, np.linspace(8e8, 1.2e9, 9))
    assert (found < -15).all()
    assert (found > -60).all()


@pytest.mark.parametrize("concentration", [0.5, 500.0])
def test_gradients_follow_double_precision(concentration):
    def value(likelihood, log_mean, count):
        return likelihood(log_mean).log_prob(count)

    likelihood = eqx.tree_at(lambda each: each.raw_concentration, NegativeBinomial(1), jnp.array([concentration]))
    for each, mean, count in [(Poisson(1), 1e6, 1.001e6), (likelihood, 1e6, 9e5), (likelihood, 3.0, 0.0)]:
        single = jax.grad(value, 1)(each, jnp.log(jnp.array([mean])), jnp.array([count]))
        with jax.enable_x64(True):
            wide = jax.tree.map(lambda leaf: jnp.asarray(leaf, float) if eqx.is_inexact_array(leaf) else leaf, each)
            double = jax.grad(value, 1)(wide, jnp.asarray(np.log(np.float32(mean))[None], float), jnp.array([count]))
        np.testing.assert_allclose(single, double, rtol=2e-3)


@pytest.mark.parametrize("likelihood", [Poisson(1), NegativeBinomial(1), ZeroInflated(Poisson(1))])
def test_draws_of_large_counts_have_their_mean(likelihood, key):
    outputs = jnp.full(likelihood.outputs, -200.0).at[0].set(jnp.log(5e9))
    distribution = likelihood(outputs)
    draws = jax.jit(jax.vmap(distribution.sample))(jr.split(key, 2000))
    checks.mean_is(np.asarray(draws, np.float64), np.asarray(distribution.mean, np.float64))


def test_a_count_that_was_always_zero_is_certain():
    """jax-ml/jax#5418: log Γ(1) is not quite 0 in single precision, thirty thousand times in a row of genes."""
    assert float(Poisson(1)(jnp.array([-200.0])).log_prob(jnp.array([0.0]))) == 0.0
    assert float(NegativeBinomial(1)(jnp.array([-200.0])).log_prob(jnp.array([0.0]))) == 0.0
    assert float(NegativeBinomial(1)(jnp.array([-200.0])).log_prob(jnp.array([2.0]))) == pytest.approx(-400, abs=5)
