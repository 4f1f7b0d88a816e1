"""Draws that carry a gradient, each with the log density of what it was drawn from."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float, Key

from taut.numerics.distributions import log_density, one_draw
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

    >>> import jax
    >>> z, log_q = draw_with_density(dist.Normal(jnp.zeros(2), 1.0).to_event(1), key=jax.random.key(0))
    >>> z.shape, log_q.shape
    ((2,), ())
    """
    z = one_draw(q, key=key)
    return z, log_density(q, z)


def reparameterised(q: Any) -> bool:
    """Whether `reparameterised_draws` can draw from it.

    >>> mixture = dist.MixtureSameFamily(dist.Categorical(jnp.ones(2) / 2), dist.Normal(jnp.zeros(2), 1.0))
    >>> reparameterised(mixture), reparameterised(dist.Poisson(1.0))
    (True, False)
    """
    return bool(q.component_distribution.has_rsample if _is_mixture(q) else q.has_rsample)


def reparameterised_draws(q: dist.Distribution, keys: Key[Array, "keys"]) -> Draws:
    """A draw for each key; of a mixture, one from each component, counting as much as the component does.

    References: Morningstar et al. 2021, arXiv:2003.01687, eq. 5.
    """
    if _is_mixture(q):
        return _stratified(q, keys)
    return Draws(*jax.vmap(lambda key: draw_with_density(q, key=key))(keys))


def _stratified(q: Any, keys: Key[Array, "keys"]) -> Draws:
    """How often a component counts depends on its share alone, and not on chance: it has a gradient."""
    latents = jax.vmap(q.component_distribution.sample)(keys)
    components = latents.shape[1]
    latents = latents.reshape(-1, *latents.shape[2:])
    log_shares = jax.nn.log_softmax(q.mixing_distribution.logits) + math.log(components)
    return Draws(latents, jax.vmap(lambda z: log_density(q, z))(latents), jnp.tile(log_shares, keys.shape[0]))


def _is_mixture(q: Any) -> bool:
    return isinstance(q, dist.MixtureSameFamily) and not q.is_discrete
