"""Data with holes: the marginal of what is observed, against closed forms; nothing of a hidden cell gets through."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from taut import likelihoods as lk
from taut import models, networks, objectives
from taut.auditing import impute_rows
from taut.data import Column, Schema
from taut.datum import Datum
from taut.estimators.part_building import PartBuilder, table_parts
from taut.fitting import refined_gaussian
from taut.guides import KnownPosterior
from taut.models import LatentVariableModel, standard_normal
from taut.weights import log_weights

D, LATENTS = 6, 2
HOLES = np.array([False, True, False, False, True, False])


def linear():
    """A linear decoder with Gaussian noise, and its covariance."""
    weight = np.random.default_rng(0).normal(size=(D, LATENTS))
    offset = np.linspace(-1.0, 2.0, D)
    likelihood = lk.Gaussian(D, spread=jnp.linspace(0.5, 1.0, D))
    w, b = jnp.asarray(weight, float), jnp.asarray(offset, float)
    model = LatentVariableModel(
        prior=standard_normal(LATENTS),
        decoder=lambda z: (w @ z + b) / jnp.linspace(0.5, 1.0, D),
        likelihood=likelihood,
        fill_value=jnp.zeros(D),
    )
    noise = np.asarray(likelihood.scale(), np.float64)
    return model, offset, weight @ weight.T + np.diag(noise**2)


def holed(seed=0):
    _, mean, covariance = linear()
    x = np.random.default_rng(seed).multivariate_normal(mean, covariance)
    return np.where(HOLES, np.nan, x)


def posterior_of(model):
    """The refined Gaussian, which is the posterior where the decoder is linear, as a guide."""
    start = jnp.zeros((1, LATENTS))
    return KnownPosterior(lambda x: refined_gaussian(model, x, start, key=jr.key(0)).distribution())


def test_log_weights_of_the_posterior_are_the_evidence_of_observed_cells(float64, key):
    model, mean, covariance = linear()
    x = holed()
    seen = ~HOLES
    exact = stats.multivariate_normal(mean[seen], covariance[np.ix_(seen, seen)]).logpdf(x[seen])
    log_w = jax.jit(lambda x: log_weights(model, posterior_of(model), x, draws=5, key=key))(jnp.asarray(x))
    # The curvature counts only what was observed: otherwise the refined Gaussian would be too narrow.
    np.testing.assert_allclose(log_w, exact, atol=1e-8)


def test_completions_have_the_conditional_mean_and_deviation_of_the_closed_form(key):
    model, mean, covariance = linear()
    rows = np.stack([holed(seed) for seed in range(40)])
    found = impute_rows(model, posterior_of(model), rows.astype(np.float32), key=key, draws=200, codes=(0,) * D)
    seen = ~HOLES
    gain = covariance[np.ix_(HOLES, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    exact = mean[HOLES] + (rows[:, seen] - mean[seen]) @ gain.T
    spread = np.sqrt(np.diag(covariance[np.ix_(HOLES, HOLES)] - gain @ covariance[np.ix_(seen, HOLES)]))
    # 256 latents and 200 draws a row; their errors are those of independent draws at most.
    assert np.abs(found.mean[:, HOLES] - exact).max() < 5 * spread.max() / np.sqrt(256)
    np.testing.assert_allclose(found.deviation[:, HOLES].mean(axis=0), spread, rtol=0.03)
    np.testing.assert_allclose(found.mean[:, seen], rows[:, seen], rtol=1e-6)
    inside = (found.low[:, HOLES] < exact) & (exact < found.high[:, HOLES])
    assert inside.all()
    lengths = found.high[:, HOLES] - found.low[:, HOLES]
    np.testing.assert_allclose(lengths.mean(axis=0), 2 * stats.norm.ppf(0.95) * spread, rtol=0.05)


def schema():
    columns = (
        Column(name="a", kind="real", family="gaussian"),
        Column(name="b", kind="positive", family="log-normal"),
        Column(name="c", kind="categorical", family="categorical", categories=["x", "y", "z"]),
        Column(name="d", kind="count", family="negative-binomial"),
        Column(name="e", kind="ordinal", family="ordered-logit", categories=[1, 2, 3]),
        Column(name="f", kind="bounded", family="logit-normal", low=0.0, high=1.0),
    )
    return Schema(columns=columns)


def mixed_parts():
    rows = np.array([[0.3, 2.0, 1, 3, 0, 0.25], [1.0, 1.5, 2, 0, 1, 0.75], [-1.0, 0.7, 0, 7, 2, 0.45]])
    builder = PartBuilder(given={}, latents=2, hidden=(8,), covariance="full")
    return table_parts(schema(), Datum.of(rows), builder, key=jr.key(1))


def test_what_stands_in_for_a_hole_changes_nothing_to_the_bit(key):
    """Gradients and values with a hole are those of any other stand-in, up to where the encoder never looks."""
    model, guide = mixed_parts()
    x = jnp.array([0.3, jnp.nan, 1.0, jnp.nan, jnp.nan, 0.7])

    def climbed(parts):
        return objectives.elbo()(*parts, x, key=key)

    @jax.jit
    def with_fill_value(values):
        other = LatentVariableModel(
            prior=model.prior(), decoder=model.decoder, likelihood=model.observation, fill_value=values
        )
        return jax.value_and_grad(lambda decoder_bias: climbed((replaced(other, decoder_bias), guide)))(bias)

    def replaced(other, bias):
        return eqx.tree_at(lambda m: m.decoder.linear.layers[-1].bias, other, bias)

    bias = model.decoder.linear.layers[-1].bias
    value, slope = with_fill_value(model.fill_value)
    for fill_value in (jnp.array([0.5, 0.5, 0.0, 1.0, 0.0, 0.5]), jnp.array([9.0, 1e30, 2.0, 1e6, 1.0, 0.9])):
        other, other_slope = with_fill_value(fill_value)
        assert float(value) == float(other)
        assert np.isfinite(other_slope).all()
        np.testing.assert_array_equal(slope, other_slope)


def test_every_gradient_of_a_holed_row_is_finite(key):
    parts = mixed_parts()
    climb = eqx.filter_jit(eqx.filter_grad(lambda parts, x: objectives.elbo()(*parts, x, key=key)))
    nothing = jnp.full(6, jnp.nan)
    for x in (nothing, nothing.at[2].set(1.0), jnp.array([0.3, 2.0, jnp.nan, 4.0, 1.0, jnp.nan])):
        slopes = climb(parts, x)
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(eqx.filter(slopes, eqx.is_array)))


def test_a_row_without_any_cell_has_evidence_one(key):
    model, _ = mixed_parts()
    prior = KnownPosterior(lambda _: model.prior())
    log_w = jax.jit(lambda x: log_weights(model, prior, x, draws=8, key=key))(jnp.full(6, jnp.nan))
    np.testing.assert_allclose(log_w, 0.0, atol=1e-6)


def test_a_missing_entry_tells_nothing_about_z():
    model, _ = mixed_parts()
    x = jnp.array([0.3, 2.0, 1.0, 4.0, 1.0, 0.7])
    z = jnp.array([0.2, -0.4])
    root_of = jax.jit(lambda x: model.given(x).information_root(z))
    whole = root_of(x)
    for entry in range(6):
        root = root_of(x.at[entry].set(jnp.nan))
        own = model.observation.owners == entry
        assert np.all(np.asarray(root)[own] == 0)
        np.testing.assert_array_equal(np.asarray(root)[~own], np.asarray(whole)[~own])


def test_the_encoder_cannot_tell_what_is_hidden():
    inputs = networks.CellInputs(
        ("as it is", "log", 3, "log-odds"), centre=jnp.ones(4), spread=2 * jnp.ones(4), conditions=1,
    )  # fmt: skip
    x = Datum(jnp.array([3.0, 2.0, 2.0, 0.25]), observed=jnp.ones(4, bool), covariates=jnp.array([7.0]))
    seen = np.asarray(inputs(x))
    assert len(seen) == inputs.width
    np.testing.assert_allclose(seen[:3], [1.0, (np.log(2.0) - 1) / 2, (np.log(1 / 3) - 1) / 2], rtol=1e-5)
    np.testing.assert_array_equal(seen[3:], [0, 0, 1, 1, 1, 1, 1, 7])
    for entry, own in enumerate(([0], [1], [3, 4, 5], [2])):
        hidden = np.asarray(inputs(x.seen_as(x.observed.at[entry].set(False))))
        assert np.all(hidden[own] == 0)
        assert hidden[6 + entry] == 0
        others = np.setdiff1d(np.arange(inputs.width), [*own, 6 + entry])
        np.testing.assert_array_equal(hidden[others], seen[others])


def test_draws_like_a_datum_have_its_holes_and_covariates(key):
    likelihood = lk.Gaussian(2)
    model = models.LatentVariableModel(
        prior=standard_normal(1), decoder=lambda h: jnp.stack([h[0] + h[1], h[0] - h[1]]), likelihood=likelihood,
        fill_value=jnp.zeros(2),
    )  # fmt: skip
    x = Datum(jnp.array([0.5, 0.0]), observed=jnp.array([True, False]), covariates=jnp.array([3.0]))
    draws, latents = jax.jit(jax.vmap(lambda key: model.given(x).sample(key=key)))(jr.split(key, 4000))
    assert not np.asarray(draws.observed[:, 1]).any()
    assert np.all(np.asarray(draws.covariates) == 3.0)
    assert float(jnp.mean(draws.values[:, 0] - latents[:, 0])) == pytest.approx(3.0, abs=0.1)
