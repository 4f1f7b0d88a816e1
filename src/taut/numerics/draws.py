"""Draws that carry a gradient, each with the log density of what it was drawn from."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jaxtyping import Array, Float, Key

from taut.numerics.affine import AffineMap
from taut.numerics.distributions import log_density, log_standard_normal, one_draw
from taut.numerics.mixtures import GaussianMixture
from taut.shapes import Latent, RandomKey, Scalar


class Draws(NamedTuple):
    """Latents, log q of each, and the logarithm of how much each counts: None where all count the same.

    The shares r have mean one, so that E_q f = E mean(r · f).
    """

    latents: Float[Array, "draws *event"]
    log_q: Float[Array, "draws"]
    log_shares: Float[Array, "draws"] | None = None


def draw_with_density(q: dist.Distribution, *, key: RandomKey) -> tuple[Latent, Scalar]:
    """One draw, and its log density.

    Of a Gaussian z = m + A u it is log N(u; 0, I) − log |A| of the u that was drawn. To solve A u = z − m for it may
    cost every digit: roots that a network says may be nearly singular, and log q would be off by any number of nats.

    >>> import jax
    >>> z, log_q = draw_with_density(dist.Normal(jnp.zeros(2), 1.0).to_event(1), key=jax.random.key(0))
    >>> z.shape, log_q.shape
    ((2,), ())
    """
    if isinstance(q, dist.TransformedDistribution):
        z, passed = q.sample_with_intermediates(key)  # what a flow meets on its way, so that it need not go back
        return jnp.asarray(z), jnp.asarray(q.log_prob(z, passed))
    if isinstance(q, dist.MultivariateNormal):
        frame = AffineMap.of(q)
        u = jr.normal(key, frame.mean.shape, frame.mean.dtype)
        return frame.place(u), log_standard_normal(u) - frame.log_volume()
    z = one_draw(q, key=key)
    return z, log_density(q, z)


def reparameterised(q: dist.Distribution) -> bool:
    """Whether `reparameterised_draws` can draw from it.

    >>> mixture = GaussianMixture(jnp.zeros(2), means=jnp.zeros((2, 1)), scales=jnp.ones((2, 1)))
    >>> reparameterised(mixture), reparameterised(dist.Poisson(1.0))
    (True, False)
    """
    return isinstance(q, GaussianMixture) or bool(q.has_rsample)


def reparameterised_draws(q: dist.Distribution, keys: Key[Array, "keys"]) -> Draws:
    """A draw for each key; of a mixture, one from each component, counting as much as the component does.

    References: Morningstar et al. 2021, arXiv:2003.01687, eq. 5.
    """
    if isinstance(q, GaussianMixture):
        return _stratified(q, keys)
    return Draws(*jax.vmap(lambda key: draw_with_density(q, key=key))(keys))


def _stratified(q: GaussianMixture, keys: Key[Array, "keys"]) -> Draws:
    """How often a component counts depends on its share alone, and not on chance: it has a gradient."""
    latents = jax.vmap(q.sample_each)(keys).reshape(-1, *q.event_shape)
    log_shares = jax.nn.log_softmax(q.logits) + math.log(q.logits.shape[0])
    return Draws(latents, jax.vmap(lambda z: log_density(q, z))(latents), jnp.tile(log_shares, keys.shape[0]))
