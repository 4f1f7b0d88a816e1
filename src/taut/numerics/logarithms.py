"""Logarithms and exponentials that keep their digits."""

import jax.numpy as jnp
from jax.nn import log_sigmoid, softplus
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from taut.shapes import Scalar

# How close to its ends a share may be read: the log-odds of the ends themselves are infinite.
NEAREST_END = 1e-6


def log_mean_exp(a: Float[Array, "draws"]) -> Scalar:
    """log (1/K) Σ_k exp a_k, with the maximum taken out so that nothing overflows.

    Every entry counts in K, those equal to −∞ (failed draws, weight zero) included. The gradient is
    finite even when every entry is −∞.

    >>> import jax.numpy as jnp
    >>> bool(jnp.isclose(log_mean_exp(jnp.array([-1000.0, -1000.0])), -1000.0))
    True
    """
    # logsumexp alone gets the value right and the gradient NaN where nothing is left: 0/0 in its softmax.
    nothing = jnp.all(jnp.isneginf(a))
    log_sum = jnp.where(nothing, -jnp.inf, logsumexp(jnp.where(nothing, 0.0, a)))
    return log_sum - jnp.log(jnp.asarray(a.size, a.dtype))


def inverse_softplus(y: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The x with log(1 + exp x) = y, for y > 0.

    Written as y + log(1 − exp(−y)): log(exp(y) − 1) overflows for y beyond 88 in float32.
    """
    return y + jnp.log(-jnp.expm1(-y))


def inside(share: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """A share kept from its ends, 0 and 1, by `NEAREST_END`."""
    return jnp.clip(share, NEAREST_END, 1.0 - NEAREST_END)


def log_odds(share: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """log u − log(1 − u) of a share u inside its ends.

    >>> import jax.numpy as jnp
    >>> float(log_odds(jnp.array(0.5)))
    0.0
    """
    return jnp.log(share) - jnp.log1p(-share)


def log_diff_sigmoid(upper: Float[Array, "*shape"], lower: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """log[σ(upper) − σ(lower)] for upper > lower, infinite ends included.

    With σ(a) − σ(b) = σ(a) σ(−b) (1 − exp(b − a)): the difference of two rounded sigmoids
    would be exactly zero in either tail.
    """
    gap = jnp.where(jnp.isfinite(upper) & jnp.isfinite(lower), upper - lower, jnp.inf)
    return log_sigmoid(upper) - softplus(lower) + jnp.log(-jnp.expm1(-gap))
