"""Penalties on a batch against closed forms and grids; their value is in nothing that is reported."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest
from jax.scipy.special import logsumexp

from taut import guides, objectives
from taut.errors import OptionError
from taut.fitting import Plan, fit
from taut.objectives import Batch, beta_tc, dip_i, dip_ii, free_bits, mmd
from taut.objectives.aggregated import shares_of_aggregate
from tests.objectives.instances import assert_mean_is, bernoulli, exact_gradient, flat_function

ROWS = jnp.array([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
SHARES = jnp.array([0.1, 0.2, 0.3, 0.4])


def penalty_of(objective, model, guide, key, kl_weight=1.0):
    """What a batch of all rows is penalised by."""
    keys = jr.split(key, len(ROWS))
    statistics = jax.vmap(lambda x, key: objective.of_row(model, guide, x, key=key)[1])(ROWS, keys)
    batch = Batch(model, statistics, SHARES, len(ROWS), kl_weight, jr.fold_in(key, 1))
    return objective.penalty(batch)


def drawn_penalties(objective, model, guide, *, key, draws):
    def one(key):
        function, vector, _ = flat_function(lambda m, g: penalty_of(objective, m, g, key), model, guide)
        return jax.value_and_grad(function)(vector)

    values, gradients = jax.jit(lambda keys: jax.lax.map(one, keys, batch_size=200))(jr.split(key, draws))
    assert not values.any()
    return np.asarray(gradients)


def of_all_rows(guide):
    """Means and variances of q, row by row."""
    return jax.vmap(lambda x: (guide(x).mean, guide(x).variance))(ROWS)


def kept_bits(model, guide):
    means, variances = of_all_rows(guide)
    rates = dist.kl_divergence(dist.Normal(means, jnp.sqrt(variances)), dist.Normal(0.0, 1.0))
    return sum(jnp.where(rate < 0.3, 0.3 - rate, 0.0) for rate in SHARES @ rates)


def moments(model, guide, off, on, whole):
    means, variances = of_all_rows(guide)
    covariance = jnp.cov(means, rowvar=False, aweights=SHARES, bias=True) + whole * jnp.diag(SHARES @ variances)
    weights = jnp.full((2, 2), off).at[jnp.arange(2), jnp.arange(2)].set(on)
    return jnp.sum(weights * (covariance - jnp.eye(2)) ** 2)


WITHOUT_NOISE = {
    "free bits": (free_bits(0.3), kept_bits),
    "DIP I": (dip_i(0.5), lambda m, g: moments(m, g, 0.5, 5.0, False)),
    "DIP II": (dip_ii(0.5), lambda m, g: moments(m, g, 0.5, 0.5, True)),
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("objective", "closed"), WITHOUT_NOISE.values(), ids=WITHOUT_NOISE)
def test_gradient_against_a_closed_form(objective, closed, key):
    model, guide = bernoulli(latents=2)
    exact, _ = exact_gradient(closed, model, guide)
    assert np.abs(exact).max() > 0.01
    np.testing.assert_allclose(drawn_penalties(objective, model, guide, key=key, draws=1)[0], exact, atol=1e-9)


def total_correlation(model, guide, nodes=151):
    """KL( q(z) ‖ q(z_1) q(z_2) ) of a mixture of Gaussians, on a grid."""
    line, step = jnp.linspace(-15.0, 15.0, nodes, retstep=True)
    means, variances = of_all_rows(guide)
    entry = dist.Normal(means[:, :, None], jnp.sqrt(variances)[:, :, None]).log_prob(line[None, None, :])
    joint = logsumexp(jnp.log(SHARES)[:, None, None] + entry[:, 0, :, None] + entry[:, 1, None, :], axis=0)
    first, second = logsumexp(jnp.log(SHARES)[:, None, None] + entry, axis=0)
    return jnp.sum(jnp.exp(joint) * (joint - first[:, None] - second[None, :])) * step**2


def discrepancy(model, guide, nodes=141):
    """MMD² of the mixture of all rows and N(0, 1), where pairs are of different rows, on a grid."""
    line, step = jnp.linspace(-9.0, 9.0, nodes, retstep=True)
    means, variances = of_all_rows(guide)
    density = jnp.exp(dist.Normal(means, jnp.sqrt(variances)).log_prob(line[None, :])) * step
    prior = jnp.exp(dist.Normal(0.0, 1.0).log_prob(line)) * step
    kernel = 2.0 / (2.0 + (line[:, None] - line[None, :]) ** 2)
    pairs = (SHARES[:, None] * SHARES[None, :]) * (1.0 - jnp.eye(len(ROWS)))
    within = jnp.sum(pairs * (density @ kernel @ density.T)) / jnp.sum(pairs)
    return within - 2.0 * SHARES @ density @ kernel @ prior + prior @ kernel @ prior


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("objective", "exact", "latents"),
    [
        (beta_tc(4.0), lambda m, g: 3.0 * total_correlation(m, g), 2),
        (mmd(2.0), lambda m, g: 2.0 * discrepancy(m, g), 1),
    ],
    ids=["total correlation", "discrepancy"],
)
def test_gradient_against_a_grid(objective, exact, latents, key):
    model, guide = bernoulli(latents)
    exact, _ = exact_gradient(exact, model, guide)
    assert np.abs(exact).max() > 0.01
    assert_mean_is(drawn_penalties(objective, model, guide, key=key, draws=4000), exact)


def test_a_batch_estimates_the_aggregate_without_bias():
    """Over all batches that hold a row, every row of the data counts the same; in a single batch they do not."""
    rows, size = 5, 3
    counted = np.zeros(rows)
    batches = [batch for batch in itertools.combinations(range(rows), size) if 0 in batch]
    for batch in batches:
        counted[list(batch)] += shares_of_aggregate(jnp.full(size, 1.0 / size), rows)[0]
    np.testing.assert_allclose(counted / len(batches), 1.0 / rows, rtol=1e-6)
    assert abs(1.0 / size - 1.0 / rows) > 0.1  # what a row would count with the shares of the batch


def test_padding_counts_nothing():
    plain = shares_of_aggregate(jnp.full(3, 1.0 / 3.0), 10)
    padded = shares_of_aggregate(jnp.append(jnp.full(3, 1.0 / 3.0), 0.0), 10)
    np.testing.assert_allclose(padded[:3, :3], plain, rtol=1e-6)
    assert not padded[:3, 3].any()


@pytest.mark.slow
def test_free_bits_keep_latents_that_the_elbo_gives_up(key):
    """Through a whole fit of data without structure, of which the ELBO keeps nothing."""
    noise = np.random.default_rng(0).integers(0, 2, (64, 3)).astype(np.uint8)
    plan = Plan(epochs=2, batch_size=32, repeats=150, learning_rate=2e-2)

    def rates(objective):
        guide: Any = fit(*bernoulli(latents=2), noise, key=key, objective=objective, plan=plan).guide
        means, variances = jax.vmap(lambda x: (guide(x).mean, guide(x).variance))(jnp.asarray(noise, float))
        return np.asarray(0.5 * (means**2 + variances - 1.0 - jnp.log(variances)).mean(axis=0))

    assert rates(objectives.elbo()).max() < 0.2
    assert np.abs(rates(free_bits(1.0)) - 1.0).max() < 0.3


@pytest.mark.parametrize(
    ("objective", "sentence"),
    [
        (free_bits(), "`free-bits` wants q(z|x) and a prior of independent Gaussians; got MultivariateNormal"),
        (dip_i(), None),
        (beta_tc(), None),
    ],
)
def test_what_a_penalty_cannot_be_of_is_refused(objective, sentence, key):
    model, _ = bernoulli(latents=2)
    full = guides.GaussianEncoder(3, 2, hidden=(4,), covariance="full", key=key)
    if sentence is None:
        assert np.isfinite(float(objective(model, full, ROWS[0], key=key)))
        full, sentence = guides.Constant(dist.Laplace(jnp.zeros(2)).to_event(1)), "wants a Gaussian q(z|x); got Indep"
    with pytest.raises(OptionError) as refused:
        objective(model, full, ROWS[0], key=key)
    assert sentence in str(refused.value)
    with pytest.raises(OptionError, match="`mmd` wants a weight of at least 0; got -1"):
        objectives.mmd(-1.0)
