"""The guide that steps towards each datum's posterior: in use, and not before."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import guides
from taut.datum import Datum
from taut.fitting import in_use
from taut.numerics import mean_and_cholesky
from tests.laws.instances import encoder, linear_gaussian, random_net, rows_of


def stepping(features, steps, *, covariance="diagonal"):
    """The encoder of the table of instances, which takes steps in use."""
    return guides.GaussianEncoder(features, 2, hidden=(8,), covariance=covariance, steps=steps, key=jr.key(7))


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_one_step_finds_the_posterior_of_a_linear_model(covariance):
    model = linear_gaussian()
    x, own = rows_of(model, 1)[0], stepping(5, 1, covariance=covariance)
    found = in_use(model, own)(x)
    for ours, exact in zip(mean_and_cholesky(found), mean_and_cholesky(model.posterior(x)), strict=True):
        np.testing.assert_allclose(ours, exact, atol=1e-4)


def test_nothing_else_is_changed():
    model, own = linear_gaussian(), encoder(5, 2)
    assert in_use(model, own) is own
    x = rows_of(model, 1)[0]
    np.testing.assert_array_equal(stepping(5, 2)(x).mean, own(x).mean)


def test_the_steps_see_holes_that_the_encoder_does_not():
    """Filled with usual values for the encoder, a missing cell tells the steps nothing."""
    from taut.models import LatentVariableModel

    net = random_net(2)
    model = LatentVariableModel(
        prior=net.prior(), decoder=net.decoder, likelihood=net.observation, fill_value=jnp.zeros(6)
    )
    seen = jnp.array([True, True, False, True, False, True])
    guide = in_use(model, guides.FillMissing(stepping(6, 8), jnp.zeros(6)))
    values = jnp.array([1.0, 0.0, 0.0, 1.0, 0.0, 1.0])
    other = jnp.where(seen, values, 1.0)
    one, same = (guide(Datum(each, observed=seen)) for each in (values, other))
    np.testing.assert_allclose(one.mean, same.mean, atol=1e-5)
