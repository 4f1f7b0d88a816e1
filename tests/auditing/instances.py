"""Models whose audit is known, and ledgers' parts for the verdicts."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from taut import guides, likelihoods, models, networks
from taut.auditing import RowResult
from taut.models import LinearGaussian
from taut.numerics import inverse_softplus


def linear(latents=2, features=4, noise=0.7):
    """A linear-Gaussian model, rows drawn from it, and an encoder near its posterior but wider and diagonal.

    Wider, so that the weights have all their moments and standard errors mean what they say.
    """
    model = LinearGaussian(
        weight=jr.normal(jr.key(1), (features, latents)),
        offset=jnp.arange(features) / 10,
        noise=jnp.full(features, noise),
    )
    guide = guides.GaussianEncoder(features, latents, hidden=(), key=jr.key(2))
    to_mean = jnp.linalg.solve(jnp.eye(latents) + model.weight.T @ model.weight / noise**2, model.weight.T / noise**2)
    scale = 1.5 * jnp.sqrt(jnp.diagonal(jnp.asarray(model.posterior(jnp.zeros(features)).covariance_matrix)))
    weight = jnp.concatenate([0.9 * to_mean, jnp.zeros((latents, features))])
    bias = jnp.concatenate([-to_mean @ model.offset, inverse_softplus(scale)])
    layer = lambda g: (g.network.layers[0].weight, g.network.layers[0].bias)  # noqa: E731  where in the tree
    return model, eqx.tree_at(layer, guide, (weight, bias)), rows_of(model, 30)


def neural(latents=2, features=6, n=10):
    """Bits under a neural decoder, which quadrature makes exact where there are at most three latents."""
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=networks.Perceptron(latents, features, hidden=(5,), key=jr.key(3)),
        likelihood=likelihoods.Bernoulli(features),
    )
    guide = guides.GaussianEncoder(features, latents, hidden=(5,), key=jr.key(4))
    return model, guide, rows_of(model, n)


def rows_of(model, n, seed=7):
    return np.asarray(_sampled(model, jr.split(jr.key(seed), n)))


@eqx.filter_jit
def _sampled(model, keys):
    return jax.vmap(lambda key: model.sample(key=key)[0])(keys)


def account(log_p):
    """The account of rows of which only log p(x) matters."""
    log_p = np.asarray(log_p, np.float32)
    return RowResult(**{name: log_p if name == "log_p" else np.zeros_like(log_p) for name in RowResult._fields})


class NanBeyond(eqx.Module):
    """A decoder that breaks where the first latent is above a threshold."""

    threshold: Float[Array, ""]

    def __call__(self, z):
        return jnp.broadcast_to(jnp.where(z[0] > self.threshold, jnp.nan, z[0]), (3,))


def breaking(threshold):
    """Three latents, of which the first breaks the decoder beyond the threshold."""
    return models.LatentVariableModel(
        prior=models.standard_normal(3), decoder=NanBeyond(jnp.asarray(threshold)), likelihood=likelihoods.Gaussian(3)
    )
