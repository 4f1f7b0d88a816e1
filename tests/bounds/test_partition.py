"""What is called exact holds all of p(x), whatever the posterior: the truth of every mixture here is zero."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut.bounds import proven_integral
from taut.bounds.enclosure import enclosed, enclosed_by_slopes
from taut.networks import Perceptron
from tests.bounds.posteriors import GAUSSIAN, KINDS, drawn, mixture, model
from tests.quick import quick

# A place that no grid or search has a reason to look at.
SPIKE = (-17.3456, 8.3217, 2.3456)

INSTANCES = {
    "one latent, spike": lambda: mixture([[0.0], SPIKE[:1]], [[1.0], [1e-4]], [0.5, 0.5]),
    "one latent, spike of one percent": lambda: mixture([[0.0], SPIKE[:1]], [[1.0], [1e-4]], [0.99, 0.01]),
    "one latent, forty deviations away": lambda: mixture([[40.0]], [[1.0]], [1.0]),
    "one latent, Cauchy": lambda: mixture([[3.0]], [[2.0]], [1.0], [1.0, GAUSSIAN, GAUSSIAN]),
    "two latents, spike": lambda: mixture([[0.0] * 2, SPIKE[:2]], [[1.0] * 2, [1e-3] * 2], [0.5, 0.5]),
    "two latents, thin in one of them": lambda: mixture([[0.0] * 2, SPIKE[:2]], [[1.0] * 2, [1e-3, 1.0]], [0.5, 0.5]),
}

FUNCTIONS = {
    "logaddexp of Gaussians": lambda z: jnp.logaddexp(*(dist.Normal(m, 0.01).log_prob(z).sum() for m in (0.0, 2.3))),
    "logsumexp": lambda z: jax.nn.logsumexp(jnp.stack([-50.0 * z**2, 3.0 * z, jnp.sin(9.0 * z)])),
    "a full Gaussian": lambda z: dist.MultivariateNormal(jnp.zeros(2), jnp.array([[1.0, 0.9], [0.9, 1.0]])).log_prob(z),
    "Student-t and logistic": lambda z: dist.StudentT(3.0).log_prob(z).sum() + dist.Logistic().log_prob(z[0]),
    "a network": lambda z: jnp.sum(jax.nn.log_softmax(Perceptron(2, 3, hidden=(4,), key=jr.key(0))(z))[:2] * z),
    "divisions and powers": lambda z: jnp.sum(1.0 / (1.0 + z**2)) + jnp.abs(z[0]) ** 1.5 + z[1] ** 3 - z[0] * z[1],
    "choices": lambda z: jnp.sum(jnp.where(z > 0.3, jnp.exp(-z), jnp.maximum(z, -0.5))) + jnp.clip(z[0], -1.0, 1.0),
    "counts": lambda z: (
        jnp.sum(jnp.array([3.0, 0.0]) * z - jnp.exp(z)) + jax.scipy.special.gammaln(1.0 + jnp.exp(z[0]))
    ),
}


@pytest.mark.parametrize("name", INSTANCES)
def test_what_is_proven_is_right(name):
    latents = 1 + ["one latent", "two latents"].index(name.split(",")[0])
    found = proven_integral(model(latents), jnp.asarray(INSTANCES[name]()), tolerance=1e-5)
    assert found.proven
    assert found.log_value == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("latents", quick(1, of=[1, 2, 3]))
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_exact_is_false_of_random_posteriors(kind, latents):
    """Three hundred in all, with the slow ones; what is not proven is a lower bound."""
    for seed in range(25):
        x = drawn(kind, latents, np.random.default_rng([seed, latents]))
        found = proven_integral(model(latents), jnp.asarray(x), tolerance=1e-4)
        if found.proven:
            assert abs(found.log_value) < 2e-4, seed
        else:
            assert found.log_value < 1e-4, seed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_value_leaves_its_bounds(name, float64):
    """On boxes large and small; and as these shrink, the bounds close in."""
    rng, function = np.random.default_rng(0), FUNCTIONS[name]
    bounds = jax.jit(
        jax.vmap(lambda low, high: (enclosed(function, low, high), enclosed_by_slopes(function, low, high)[:2]))
    )
    values = jax.jit(jax.vmap(function))
    for width in (5.0, 0.5, 1e-4):
        centre, (below, above) = rng.normal(size=(100, 2)), width * rng.uniform(size=(2, 100, 2))
        low, high = centre - below, centre + above
        within = low[:, None] + (high - low)[:, None] * rng.uniform(size=(100, 50, 2))
        seen = np.asarray(values(within.reshape(-1, 2))).reshape(100, 50)
        for least, most in bounds(low, high):
            assert np.all(least <= seen.min(axis=1) + 1e-9)
            assert np.all(most >= seen.max(axis=1) - 1e-9)
    assert np.median(most - least) < 10 * np.median(np.ptp(seen, axis=1))
