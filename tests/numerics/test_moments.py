"""Moments from draws against those by formula, of distributions that have both."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from taut.numerics import mean_of, moments_of

KNOWN = {
    "diagonal": lambda: dist.Normal(jnp.array([3.0, -50.0]), jnp.array([0.01, 9.0])).to_event(1),
    "full": lambda: dist.MultivariateNormal(jnp.array([1.0, 2.0]), scale_tril=jnp.array([[1.0, 0.0], [-2.0, 0.1]])),
    "skew": lambda: dist.LogNormal(jnp.zeros(3), 0.5).to_event(1),
    "counts": lambda: dist.Poisson(jnp.array([0.3, 40.0])).to_event(1),
    "two modes": lambda: dist.MixtureSameFamily(
        dist.Categorical(jnp.array([0.2, 0.8])), dist.Normal(jnp.array([-9.0, 4.0]), 1.0)
    ),
}


def drawn(known):
    """The same without its formulas."""

    class Drawn(type(known)):
        @property
        def mean(self):
            raise NotImplementedError

        @property
        def variance(self):
            raise NotImplementedError

    own = object.__new__(Drawn)
    own.__dict__.update(known.__dict__)
    return own


@pytest.mark.parametrize("name", KNOWN)
def test_draws_agree_with_the_formula(name):
    truth, found = moments_of(KNOWN[name]()), moments_of(drawn(KNOWN[name]()))
    np.testing.assert_array_equal(truth.mean, KNOWN[name]().mean)
    assert not np.any(truth.mean_error)
    assert np.all(found.mean_error > 0)
    assert np.all(np.abs(found.mean - truth.mean) < 5 * found.mean_error)
    assert np.all(np.abs(found.variance - truth.variance) < 5 * found.variance_error)
    np.testing.assert_array_equal(mean_of(drawn(KNOWN[name]())), found.mean)


def test_each_row_has_the_draws_that_it_has_alone():
    base = [dist.transforms.ExpTransform()]
    one = jax.jit(lambda scale: moments_of(dist.TransformedDistribution(dist.Normal(0.0, scale), base)).variance)
    scales = jnp.array([0.1, 1.0])
    np.testing.assert_allclose(jax.vmap(one)(scales), [one(scale) for scale in scales], rtol=1e-5)
