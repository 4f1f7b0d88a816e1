"""Divergences between Gaussians, closed form against draws, and what has no closed form."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut.numerics import draw_with_density, gaussian_kl, mean_and_cholesky
from tests.laws import checks


def full():
    return dist.MultivariateNormal(jnp.array([0.5, -1.0]), scale_tril=jnp.array([[0.7, 0.0], [0.4, 1.2]]))


def diagonal():
    return dist.Normal(jnp.array([0.0, 0.3]), jnp.array([1.5, 0.8])).to_event(1)


@pytest.mark.parametrize(("q", "p"), [(full, diagonal), (diagonal, full)])
def test_closed_form_agrees_with_draws(q, p, key):
    q, p = q(), p()
    draws = jax.jit(jax.vmap(q.sample))(jr.split(key, 50_000))
    checks.mean_is(jax.jit(jax.vmap(lambda z: q.log_prob(z) - p.log_prob(z)))(draws), float(gaussian_kl(q, p)))


def test_the_density_of_a_draw_does_not_hang_on_a_solve(key):
    """Through the inverse of this root log q would be −10²¹, and a bound as far above log p(x)."""
    root = jnp.tril(0.3 * jr.normal(jr.key(0), (50, 50)), -1) + 0.1 * jnp.eye(50)
    q = dist.MultivariateNormal(jnp.zeros(50), scale_tril=root)
    _, log_q = jax.jit(jax.vmap(lambda key: draw_with_density(q, key=key)))(jr.split(key, 500))
    checks.mean_is(log_q, -float(q.entropy()))


def test_zero_at_equality():
    assert float(gaussian_kl(full(), full())) == pytest.approx(0.0, abs=1e-6)
    assert float(gaussian_kl(diagonal(), diagonal())) == 0.0


@pytest.mark.parametrize(
    "made",
    [
        lambda: dist.StudentT(3.0, jnp.zeros(2), 1.0).to_event(1),
        lambda: dist.LogNormal(jnp.zeros(2), 1.0).to_event(1),
        lambda: dist.HalfNormal(jnp.ones(2)).to_event(1),
        lambda: dist.Categorical(logits=jnp.zeros(2)),
    ],
    ids=["StudentT", "LogNormal", "HalfNormal", "Categorical"],
)
def test_what_is_not_gaussian_is_refused(made):
    other = made()
    for q, p in ((other, diagonal()), (full(), other)):
        with pytest.raises(NotImplementedError, match="sampled"):
            gaussian_kl(q, p)


def test_expanded_and_nested_normals_are_gaussian():
    for q in (dist.Normal(0.3, 2.0).expand([3]).to_event(1), dist.Normal(jnp.full(3, 0.3), 2.0).to_event(1)):
        mean, root = mean_and_cholesky(q)
        np.testing.assert_allclose(mean, np.full(3, 0.3), rtol=1e-6)
        np.testing.assert_allclose(root, 2.0 * np.eye(3), rtol=1e-6)
