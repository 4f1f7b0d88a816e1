"""Guides: what their parameters mean."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from taut import guides, models
from taut.numerics import mean_and_cholesky
from tests.laws.instances import encoder, linear_gaussian, rows_of


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_free_gaussians_start_at_the_guide(covariance):
    data = rows_of(linear_gaussian(), 4)
    guide = encoder(5, 2, covariance=covariance)
    local = guides.free_gaussians(guide, data, covariance=covariance)
    assert not local.amortised
    ours = eqx.filter_jit(eqx.filter_vmap(lambda own, x: mean_and_cholesky(own(x))))(local, data)
    theirs = eqx.filter_jit(eqx.filter_vmap(lambda x: mean_and_cholesky(guide(x))))(data)
    for part, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-4, atol=1e-5)


def test_free_gaussians_refuse_what_is_not_gaussian():
    import numpyro.distributions as dist

    guide = guides.Constant(dist.StudentT(3.0, jnp.zeros(2), 1.0).to_event(1))
    with pytest.raises(NotImplementedError):
        guides.free_gaussians(guide, jnp.zeros((3, 5)))


def test_full_covariance_is_free_below_the_diagonal():
    guide = guides.LocalGaussian(jnp.zeros(2), jnp.zeros(2), jnp.array([[9.0, 9.0], [0.5, 9.0]]))
    root = guide(jnp.zeros(1)).scale_tril
    assert float(root[1, 0]) == 0.5
    assert float(root[0, 1]) == 0.0


def test_zeros_and_ones_may_be_integers():
    guide = encoder(3, 2)
    np.testing.assert_array_equal(guide(jnp.array([0, 1, 1])).mean, guide(jnp.array([0.0, 1.0, 1.0])).mean)


def test_inputs_change_what_the_network_sees_and_nothing_else(key):
    plain = guides.GaussianEncoder(3, 2, hidden=(4,), key=key)
    halved = guides.GaussianEncoder(3, 2, hidden=(4,), inputs=lambda x: x / 2, key=key)
    x = jnp.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(halved(2 * x).mean, plain(x).mean, rtol=1e-6)


def test_known_posterior_and_constant():
    model = linear_gaussian()
    x = rows_of(model, 1)[0]
    np.testing.assert_array_equal(guides.KnownPosterior(model.posterior)(x).mean, model.posterior(x).mean)
    assert guides.Constant(models.standard_normal(2))(x).event_shape == (2,)
