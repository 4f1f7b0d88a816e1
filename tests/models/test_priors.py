"""Laws of every prior with a name: mass one, draws that follow the density, slopes, a positive curvature."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import fitting, guides, likelihoods, models, networks, numerics
from taut.auditing.rate_decomposition import decompose_rate
from taut.errors import OptionError
from taut.fitting import load_tensors, save_tensors
from taut.objectives import elbo
from tests.laws import checks

NAMES = ("normal", "gaussian", "mixture:3", "vamp:4", "flow:2")


def moved(name, latents=2):
    """A prior away from where it starts, as after training."""
    rows = np.linspace(-1.0, 1.0, 30).reshape(10, 3)
    prior = models.prior_for(name, latents=latents, rows=rows, key=jr.key(0))
    leaves, tree = jax.tree.flatten(eqx.filter(prior, eqx.is_inexact_array))
    keys = jr.split(jr.key(1), max(len(leaves), 1))
    own = [leaf + 0.1 * jr.normal(k, leaf.shape) for leaf, k in zip(leaves, keys, strict=False)]
    return prior if name == "normal" else eqx.combine(tree.unflatten(own), prior)


def distribution_of(prior: Any):
    return prior() if isinstance(prior, eqx.Module) else prior


@pytest.mark.parametrize("name", NAMES)
def test_mass_is_one_and_draws_follow_the_density(name, key):
    p = distribution_of(moved(name))
    line = jnp.linspace(-9.0, 9.0, 181)
    grid = jnp.stack([axis.ravel() for axis in jnp.meshgrid(line, line)], axis=1)
    mass = np.exp(np.asarray(jax.jit(jax.vmap(p.log_prob))(grid), np.float64)) * float(line[1] - line[0]) ** 2
    assert mass.sum() == pytest.approx(1.0, abs=1e-4)
    draws = np.asarray(jax.jit(jax.vmap(p.sample))(jr.split(key, 10_000)), np.float64)
    points = np.asarray(grid, np.float64)
    for of in (np.tanh, lambda z: z**2, lambda z: np.sin(2.0 * z[:, :1] * z[:, 1:])):
        checks.mean_is(of(draws), mass @ of(points))
    found = numerics.moments_of(p)
    mean = mass @ points
    np.testing.assert_allclose(found.mean, mean, atol=5 * np.max(found.mean_error) + 1e-3)
    np.testing.assert_allclose(
        found.variance, mass @ (points - mean) ** 2, atol=5 * np.max(found.variance_error) + 1e-3
    )


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_prior_is_trained_and_kept(name, tmp_path):
    prior = moved(name)
    slope = eqx.filter_grad(lambda prior: prior().log_prob(jnp.array([0.3, -40.0])))(prior)
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(slope))
    assert sum(float(jnp.abs(leaf).sum()) for leaf in jax.tree.leaves(slope)) > 0
    save_tensors(tmp_path / "prior", prior)
    again = load_tensors(tmp_path / "prior", models.prior_for(name, latents=2, rows=np.ones((10, 3)), key=jr.key(5)))
    z = jnp.array([0.5, 1.0])
    assert float(again().log_prob(z)) == float(prior().log_prob(z))


@pytest.mark.usefixtures("float64")
def test_the_precision_of_a_mixture_is_its_curvature_where_one_component_counts():
    mixture = numerics.GaussianMixture(
        jnp.zeros(2), means=jnp.array([[-20.0, 0.0], [20.0, 1.0]]), scales=jnp.array([[1.0, 2.0], [0.5, 3.0]])
    )
    z = jnp.array([19.0, 0.0])
    np.testing.assert_allclose(mixture.precision_at(z), -jax.hessian(mixture.log_prob)(z), atol=1e-9)


def test_pseudo_inputs_are_where_the_guide_puts_them_while_the_model_moves(key):
    rows = jr.normal(key, (12, 3))
    guide = guides.GaussianEncoder(3, 2, hidden=(4,), key=key)
    model = models.LatentVariableModel(
        prior=models.prior_for("vamp:4", latents=2, rows=rows, key=key),
        decoder=networks.Perceptron(2, 3, hidden=(4,), key=key),
        likelihood=likelihoods.Gaussian(3, scale="unit"),
    )
    plan = fitting.Plan(epochs=2, batch_size=6)
    trained = fitting.fit(model, guide, rows, key=key, plan=plan)
    means = jax.jit(jax.vmap(lambda u: trained.guide(u).mean))(trained.model._prior.pseudo_inputs)
    np.testing.assert_allclose(trained.model.prior().means, means, atol=1e-5)
    assert float(jnp.abs(trained.model._prior.pseudo_inputs - model._prior.pseudo_inputs).max()) > 0
    taught = fitting.fit_guide(trained.model, trained.guide, rows, key=key, plan=plan)
    np.testing.assert_array_equal(taught.model.prior().means, trained.model.prior().means)
    with pytest.raises(OptionError, match="at most as many pseudo-inputs as training rows, 12; got 13"):
        fitting.fit_prior(model, guide, rows, "vamp:13", key=key)


def test_a_fitted_prior_wins_what_the_marginal_kl_loses(key):
    """Two far groups of rows before a linear encoder; the decoder does not enter."""
    rows = jnp.concatenate([jr.normal(key, (100, 2)) * 0.3 - 2.0, jr.normal(key, (100, 2)) * 0.3 + 2.0])
    guide = guides.GaussianEncoder(2, 2, hidden=(), key=key)
    model = models.LatentVariableModel(
        prior=models.standard_normal(2),
        decoder=networks.Perceptron(2, 2, hidden=(), key=key),
        likelihood=likelihoods.Gaussian(2, scale="unit"),
    )
    better = fitting.fit_prior(
        model, guide, rows, "mixture:4", key=key, plan=fitting.Plan(epochs=5, batch_size=50)
    ).model
    q = jax.jit(jax.vmap(lambda x: jnp.stack([guide(x).mean, guide(x).variance ** 0.5])))(rows)
    before, after = (
        decompose_rate(np.asarray(q[:, 0]), np.asarray(q[:, 1]), each.prior(), key=key, most=20_000)
        for each in (model, better)
    )

    def elbos(model):
        return jax.vmap(lambda x, k: elbo(64)(model, guide, x, key=k))(rows, jr.split(key, 200))

    gain = np.asarray(elbos(better) - elbos(model), np.float64)
    lost = before.marginal_kl.value - after.marginal_kl.value
    error = np.hypot(gain.std() / 200**0.5, before.marginal_kl.std_error + after.marginal_kl.std_error)
    assert lost > 0.01
    assert abs(gain.mean() - lost) < 5 * error
