"""Refinement: the ELBO rises by what KL(q ‖ p(z|x)) falls, log p(x) stands still, and known gaps are reached."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import Plan, fit_guide, guides, refine
from taut.bounds import exact_terms
from taut.guides import free_gaussians
from taut.models import LinearGaussian
from taut.objectives import annealed, elbo, sticking_the_landing
from taut.weights import log_weights, pareto_khat
from tests.fitting.instances import arrays, same_bits
from tests.quick import quick


def correlated(rho):
    """z ~ N(0, I₂), x|z ~ N(Wz, I₂), with W such that the posterior has correlation ρ: Λ ∝ [[1, −ρ], [−ρ, 1]]."""
    precision = 2.0 / (1.0 - abs(rho)) * np.array([[1.0, -rho], [-rho, 1.0]])
    root = np.linalg.cholesky(precision - np.eye(2)).T
    return LinearGaussian(weight=jnp.asarray(root), offset=jnp.zeros(2), noise=jnp.ones(2))


def model_and_rows(n=4):
    model = LinearGaussian(
        weight=jnp.array([[1.0, 0.3], [-0.5, 0.8], [0.2, -0.9]]), offset=jnp.zeros(3), noise=jnp.array([0.6, 0.9, 0.7])
    )
    return model, jr.normal(jr.key(3), (n, 3))


def terms(model, guide, data):
    own = [guide if guide.amortised else jax.tree.map(lambda leaf, i=i: leaf[i], guide) for i in range(len(data))]
    return np.array([exact_terms(model, g, x) for g, x in zip(own, data, strict=True)])


@pytest.mark.parametrize("kind", quick("amortised", "full", of=["amortised", "diagonal", "full"]))
def test_elbo_rises_by_what_the_divergence_falls_and_the_evidence_stands_still(kind, key):
    model, data = model_and_rows()
    encoder = guides.GaussianEncoder(3, 2, hidden=(4,), key=jr.key(1))
    start = encoder if kind == "amortised" else free_gaussians(encoder, data, covariance=kind)
    run = refine(model, start, data, key=key, plan=Plan(epochs=5, repeats=20, learning_rate=0.02))
    before, after = terms(model, start, data), terms(model, run.guide, data)
    risen, fallen = after[:, 1] - before[:, 1], before[:, 2] - after[:, 2]
    assert risen.mean() > 0.1
    np.testing.assert_allclose(risen, fallen, atol=2e-5)
    np.testing.assert_allclose(after[:, 0], before[:, 0], atol=1e-5)
    np.testing.assert_allclose(after[:, 1] + after[:, 2], after[:, 0], atol=2e-5)
    assert same_bits(arrays(run.model), arrays(model))
    assert [row.epoch for row in run.history] == [1, 2, 3, 4, 5]


GAPS = Plan(epochs=40, repeats=20, learning_rate=0.05)
MANY = sticking_the_landing(64)


@pytest.mark.parametrize("rho", quick(0.9, of=[0.3, 0.6, 0.9]))
def test_the_gap_of_a_diagonal_gaussian_and_its_tail(rho, key):
    """One line that tests ELBO, optimiser, accounting and k̂: KL = −½ log(1 − ρ²), k = ρ."""
    model, data = correlated(rho), jnp.array([[1.0, -0.5], [0.0, 2.0]])
    fit_key, draw_key = jr.split(key)
    run = refine(
        model, free_gaussians(guides.Constant(model.prior()), data), data, key=fit_key, plan=GAPS, objective=MANY
    )
    reached = terms(model, run.guide, data)
    np.testing.assert_allclose(reached[:, 0] - reached[:, 1], -0.5 * np.log(1 - rho**2), atol=1e-2)
    np.testing.assert_allclose(reached[:, 2], -0.5 * np.log(1 - rho**2), atol=1e-2)
    # Mean-field keeps the mean and has the conditional variances.
    np.testing.assert_allclose(run.guide.mean, jax.jit(jax.vmap(lambda x: model.posterior(x).mean))(data), atol=0.02)
    own = jax.tree.map(lambda leaf: leaf[0], run.guide)

    def khat(key):
        return pareto_khat(log_weights(model, own, data[0], draws=100_000, key=key))

    # One k̂ has a standard deviation of about (1 + k)/√M = 0.06 with M = 949 weights in the tail.
    khats = eqx.filter_jit(lambda keys: jax.lax.map(khat, keys))(jr.split(draw_key, 8))
    assert abs(float(khats.mean()) - rho) < 0.1


def test_a_full_covariance_closes_the_gap(key):
    model, data = correlated(0.9), jnp.array([[1.0, -0.5], [0.0, 2.0]])
    start = free_gaussians(guides.Constant(model.prior()), data, covariance="full")
    run = refine(model, start, data, key=key, plan=GAPS)
    assert terms(model, run.guide, data)[:, 2].max() < 1e-3


def test_rows_do_not_influence_one_another(key):
    model, data = model_and_rows(5)
    data = data.at[4].multiply(100.0)  # a row whose gradient is huge
    start = free_gaussians(guides.Constant(model.prior()), data)
    plan = Plan(epochs=4, repeats=10, learning_rate=0.02, clip=1.0)
    company = refine(model, start, data, key=key, plan=plan).guide
    alone = refine(model, jax.tree.map(lambda leaf: leaf[:2], start), data[:2], key=key, plan=plan).guide
    for both, one in zip(arrays(company), arrays(alone), strict=True):
        np.testing.assert_allclose(both[:2], one, rtol=1e-4, atol=1e-5)


def test_another_objective_may_be_climbed(key):
    model, data = model_and_rows(2)
    start = free_gaussians(guides.Constant(model.prior()), data)
    plan = Plan(epochs=10, repeats=20, learning_rate=0.05)
    run = refine(model, start, data, key=key, plan=plan, objective=elbo(16, form="split"))
    assert terms(model, run.guide, data)[:, 2].mean() < 0.5 * terms(model, start, data)[:, 2].mean()


def test_same_key_same_bits(key):
    model, data = model_and_rows(2)
    start = free_gaussians(guides.Constant(model.prior()), data)
    plan = Plan(epochs=2, repeats=3)
    first, second = (refine(model, start, data, key=key, plan=plan) for _ in range(2))
    assert same_bits(arrays(first.guide), arrays(second.guide))


@pytest.mark.parametrize("objective", [None, annealed(4, 8, forward=1.0)], ids=["ELBO", "walks"])
def test_a_guide_that_is_taught_arrives_at_the_posterior(objective, key):
    """A linear encoder with a full covariance can be exact for every row, seen or not."""
    model, data = model_and_rows(256)
    encoder = guides.GaussianEncoder(3, 2, hidden=(), covariance="full", key=jr.key(1))
    plan = Plan(epochs=60, batch_size=32, learning_rate=0.05)
    run = fit_guide(model, encoder, data, key=key, objective=objective, plan=plan)
    fresh = jr.normal(jr.key(9), (4, 3))
    before, after = terms(model, encoder, fresh), terms(model, run.guide, fresh)
    assert before[:, 2].min() > 0.1
    assert after[:, 2].max() < (1e-3 if objective is None else 2e-3)  # which has noise at the posterior, too
    np.testing.assert_allclose(after[:, 0], before[:, 0], atol=1e-5)
    assert same_bits(arrays(run.model), arrays(model))
