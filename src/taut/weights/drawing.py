"""Drawing from a guide and weighing against a model."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jaxtyping import Array, Float, Key

from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import log_density, one_draw
from taut.shapes import DatumLike, Latent, LogWeights, RandomKey, Scalar


class Draw(NamedTuple):
    """One latent drawn from a guide, and the two halves of its log-weight.

    `reconstruction` is log p(x|z) and `divergence` is log q(z|x) − log p(z): its mean is the rate.
    """

    latent: Latent
    reconstruction: Scalar
    divergence: Scalar

    @property
    def log_weight(self) -> Scalar:
        """log p(x,z) − log q(z|x)."""
        return self.reconstruction - self.divergence


def weigh(model: AbstractModel, q: dist.Distribution, x: DatumLike, z: Latent) -> Draw:
    """Both halves of the log-weight of z, for any distribution q that it was drawn from."""
    return Draw(z, model.log_likelihood(x, z), log_density(q, z) - log_density(model.prior(), z))


def draw(model: AbstractModel, q: dist.Distribution, x: DatumLike, *, key: RandomKey) -> Draw:
    """Draw one z from q and weigh it."""
    return weigh(model, q, x, one_draw(q, key=key))


def draw_keys(key: RandomKey, draws: int) -> Key[Array, "draws"]:
    """A key for each draw by its number, so that splitting the draws into chunks changes none of them."""
    return jax.vmap(lambda number: jr.fold_in(key, number))(jnp.arange(draws))


def log_weights(
    model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, draws: int, key: RandomKey, chunk: int | None = None
) -> LogWeights:
    """log w_k = log p(x,z_k) − log q(z_k|x) for z_1 … z_K ~ q(·|x): one datum, in nats.

        E w = p(x) and E log w = ELBO, for every guide that covers the posterior

    At most `chunk` draws are held in memory at once; the result does not depend on it.

    >>> import jax, jax.numpy as jnp
    >>> from taut.guides import KnownPosterior
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> log_w = log_weights(model, KnownPosterior(model.posterior), jnp.zeros(2), draws=3, key=jax.random.key(0))
    >>> [round(float(value), 3) for value in log_w]
    [-2.387, -2.387, -2.387]
    """
    q = guide(x)
    keys = draw_keys(key, draws)

    def one(key: RandomKey) -> Float[Array, ""]:
        return draw(model, q, x, key=key).log_weight

    return jax.vmap(one)(keys) if chunk is None else jax.lax.map(one, keys, batch_size=min(chunk, draws))
