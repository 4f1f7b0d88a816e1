"""Points and weights for expectations under one entry of a distribution: E f(x_j) = Σ_k w_jk f(x_jk).

Codes are summed exactly. Numbers take the trapezoid rule in the coordinates in which they are nearly Gaussian, at a
quarter of a standard deviation. Gauss–Hermite would be exact for polynomials; what is integrated here is a sigmoid,
which may be steep, and there its wide nodes lose: at a slope of 8 to a standard deviation 32 of them err by 5 %, these
by 0.02 %.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.nn import log_softmax
from jaxtyping import Array, Float

_STEPS = np.arange(-24, 25) / 4.0


class Nodes(NamedTuple):
    """For each entry points, and the logarithms of weights that sum to one."""

    points: Float[Array, "entries nodes"]
    log_weights: Float[Array, "entries nodes"]


def gaussian_nodes(location: Float[Array, "entries"], scale: Float[Array, "..."]) -> Nodes:
    """Those of N(location, scale²), to six standard deviations.

    >>> points, log_weights = gaussian_nodes(jnp.array([3.0]), jnp.array([2.0]))
    >>> round(float(jnp.sum(jnp.exp(log_weights) * points**2)), 4)
    13.0
    """
    location, scale = jnp.broadcast_arrays(location, scale)
    steps = jnp.asarray(_STEPS[None], location.dtype)
    points = location[:, None] + scale[:, None] * steps
    return Nodes(points, jnp.broadcast_to(log_softmax(-0.5 * steps**2), points.shape))


def code_nodes(log_shares: Float[Array, "entries codes"]) -> Nodes:
    """The codes 0 … K−1 with their probabilities."""
    codes = jnp.arange(log_shares.shape[1], dtype=log_shares.dtype)
    return Nodes(jnp.broadcast_to(codes, log_shares.shape), log_shares)
