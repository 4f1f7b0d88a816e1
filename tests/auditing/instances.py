"""Models whose audit is known, and ledgers' parts for the verdicts."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import guides, likelihoods, models, networks
from taut.auditing import RowResult
from taut.models import LinearGaussian


def linear(latents=2, features=4, noise=0.7):
    """A linear-Gaussian model with an encoder that is not its posterior, and rows drawn from it."""
    model = LinearGaussian(
        weight=jr.normal(jr.key(1), (features, latents)), offset=jnp.arange(features) / 10, noise=jnp.full(features, noise)
    )
    guide = guides.GaussianEncoder(features, latents, hidden=(4,), key=jr.key(2))
    guide = jax.tree.map(lambda leaf: 0.5 * leaf if eqx.is_inexact_array(leaf) else leaf, guide)
    return model, guide, rows_of(model, 30)


def neural(latents=2, features=6):
    """Bits under a neural decoder, which quadrature makes exact where there are at most two latents."""
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=networks.Perceptron(latents, features, hidden=(5,), key=jr.key(3)),
        likelihood=likelihoods.Bernoulli(features),
    )
    guide = guides.GaussianEncoder(features, latents, hidden=(5,), key=jr.key(4))
    return model, guide, rows_of(model, 25)


def rows_of(model, n, seed=7):
    return np.asarray(jax.vmap(lambda key: model.sample(key=key)[0])(jr.split(jr.key(seed), n)))


def account(log_p):
    """The account of rows of which only log p(x) matters."""
    log_p = np.asarray(log_p, np.float32)
    return RowResult(**{name: log_p if name == "log_p" else np.zeros_like(log_p) for name in RowResult._fields})


class NanBeyond(eqx.Module):
    """A decoder that breaks for latents above a threshold."""

    threshold: float = eqx.field(static=True)

    def __call__(self, z):
        return jnp.broadcast_to(jnp.where(z[0] > self.threshold, jnp.nan, z[0]), (3,))


def breaking(threshold):
    return models.LatentVariableModel(
        prior=models.standard_normal(1), decoder=NanBeyond(threshold), likelihood=likelihoods.Bernoulli(3)
    )
