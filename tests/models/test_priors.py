"""Laws of every prior with a name: mass one, draws that follow the density, slopes, a positive curvature."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import models, numerics
from taut.fitting import load_tensors, save_tensors
from tests.laws import checks

NAMES = ("normal", "gaussian", "mixture:3")


def moved(name, latents=2):
    """A prior away from where it starts, as after training."""
    rows = np.linspace(-1.0, 1.0, 30).reshape(10, 3)
    prior = models.prior_for(name, latents=latents, rows=rows, key=jr.key(0))
    leaves, tree = jax.tree.flatten(eqx.filter(prior, eqx.is_inexact_array))
    keys = jr.split(jr.key(1), max(len(leaves), 1))
    own = [leaf + 0.3 * jr.normal(k, leaf.shape) for leaf, k in zip(leaves, keys, strict=False)]
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
