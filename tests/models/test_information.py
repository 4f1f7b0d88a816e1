"""The information about z: against the posterior's precision, second derivatives and the scores of many data."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import likelihoods, models, networks
from tests.laws import checks
from tests.laws.instances import finite, linear_gaussian, random_net, sine
from tests.quick import quick


def test_the_linear_model_has_its_posterior_precision(float64):
    model = linear_gaussian(5, 3)
    root = model.information_root(jnp.ones(3))
    precision = np.linalg.inv(model.posterior(jnp.zeros(5)).covariance_matrix)
    np.testing.assert_allclose(jnp.eye(3) + root.T @ root, precision, rtol=1e-10, atol=1e-12)


def test_a_linear_decoder_has_the_information_of_the_linear_model(float64):
    exact = linear_gaussian(5, 3)
    likelihood = likelihoods.Gaussian(5, scale="unit", spread=1.0 / exact.noise)
    scaled = models.LatentVariableModel(
        prior=models.standard_normal(3), decoder=lambda z: exact.weight @ z, likelihood=likelihood
    )
    np.testing.assert_allclose(scaled.information_root(jnp.ones(3)), exact.information_root(jnp.ones(3)), rtol=1e-12)


@pytest.mark.parametrize("latents", quick(2, of=[1, 2, 4]))
def test_for_natural_outputs_it_is_the_mean_of_second_derivatives(latents, float64):
    """E_x[−∇² log p(x|z)] by summing over all 2⁶ images; second derivatives of the decoder cancel in the mean."""
    model = random_net(latents)
    z = jnp.linspace(-0.7, 0.9, latents)
    images = jnp.asarray((np.arange(64)[:, None] >> np.arange(6)) & 1, float)

    @jax.jit
    @jax.vmap
    def weighted(x):
        of_latent = lambda z: model.likelihood(z).log_prob(x)  # noqa: E731  differentiated twice
        return -jnp.exp(of_latent(z)) * jax.hessian(of_latent)(z)

    root = model.information_root(z)
    assert root.shape == (6, latents)
    np.testing.assert_allclose(root.T @ root, jnp.sum(weighted(images), axis=0), rtol=1e-8, atol=1e-10)


def test_it_is_the_covariance_of_the_score_of_draws(key):
    model = sine(2)
    z = jnp.array([0.4, -0.3])

    @jax.jit
    @jax.vmap
    def squared_score(key):
        x = model.likelihood(z).sample(key)
        score = jax.grad(lambda z: model.likelihood(z).log_prob(x))(z)
        return score[:, None] * score[None, :]

    root = model.information_root(z)
    checks.mean_is(squared_score(jr.split(key, 50_000)), root.T @ root)


def test_it_serves_many_latents_under_vmap_and_compiled():
    model = models.LatentVariableModel(
        prior=models.standard_normal(3),
        decoder=networks.Perceptron(3, 8, hidden=(5,), key=jr.key(0)),
        likelihood=likelihoods.DiscretisedLogistic(4),
    )
    z = jr.normal(jr.key(1), (7, 3))
    together = jax.jit(jax.vmap(model.information_root))(z)
    assert together.shape == (7, 8, 3)
    np.testing.assert_allclose(together[4], model.information_root(z[4]), rtol=1e-5, atol=1e-4)


def test_where_it_is_not_known_it_is_nothing():
    assert finite().information_root(jnp.zeros(1)) is None
    assert models.LogJoint(lambda x, z: -jnp.sum(z**2), latents=1).information_root(jnp.zeros(1)) is None
