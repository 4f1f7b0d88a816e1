"""Laws of every guide: mass one, draws that follow the density, one datum at a time."""

import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import numerics
from tests.laws import checks
from tests.laws.instances import GUIDES
from tests.quick import quick

X = (0.5, -1.0, 2.0, 0.0, 0.3)
CASES = quick(("encoder, diagonal", 1), *((name, 2) for name in GUIDES), of=itertools.product(GUIDES, (1, 2)))


@pytest.mark.parametrize(("name", "latents"), CASES)
def test_mass_is_one(name, latents):
    q = GUIDES[name](latents)(jnp.array(X))
    mean, root = numerics.mean_and_cholesky(q)
    line = np.linspace(-8.0, 8.0, 161)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*[line] * latents)], axis=1).astype(np.float32)
    # The grid is even in z along a box that holds eight standard deviations each way.
    spread = np.sqrt(np.sum(np.asarray(root) ** 2, axis=1))
    points = np.asarray(mean) + grid * spread
    density = np.exp(np.asarray(jax.jit(jax.vmap(q.log_prob))(points), np.float64))
    assert density.sum() * np.prod(spread * (line[1] - line[0])) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(("name", "latents"), CASES)
def test_draws_have_its_mean_and_covariance(name, latents, key):
    q = GUIDES[name](latents)(jnp.array(X))
    mean, root = numerics.mean_and_cholesky(q)
    draws = np.asarray(jax.jit(jax.vmap(q.sample))(jr.split(key, 20_000)))
    white = np.linalg.solve(np.asarray(root, np.float64), (draws - np.asarray(mean)).T).T
    checks.mean_is(white, np.zeros(latents))
    checks.mean_is(white[:, :, None] * white[:, None, :], np.eye(latents))


@pytest.mark.parametrize(("name", "latents"), CASES)
def test_one_datum_gives_one_event(name, latents):
    q = GUIDES[name](latents)(jnp.array(X))
    assert q.event_shape == (latents,)
    assert q.batch_shape == ()
    assert q.has_rsample
