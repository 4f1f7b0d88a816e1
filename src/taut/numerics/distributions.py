"""numpyro's distributions promise anything array-like; these return arrays, and take one value at a time."""

import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Shaped

from taut.shapes import RandomKey, Scalar


def log_density(distribution: dist.Distribution, value: Shaped[Array, "..."]) -> Scalar:
    """Log density, or log probability, of one value."""
    return jnp.asarray(distribution.log_prob(value))


def one_draw(distribution: dist.Distribution, *, key: RandomKey) -> Shaped[Array, "..."]:
    """One draw, through which a gradient passes where the distribution can be reparameterised."""
    return jnp.asarray(distribution.sample(key))


def mean_of(distribution: dist.Distribution) -> Shaped[Array, "..."]:
    """The mean."""
    return jnp.asarray(distribution.mean)
