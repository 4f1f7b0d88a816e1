"""Points and weights for expectations under one entry of a distribution: E f(x_j) = Σ_k w_jk f(x_jk).

Codes are summed exactly. Numbers take the trapezoid rule in the coordinates in which they are nearly Gaussian, at a
quarter of a standard deviation. Gauss–Hermite would be exact for polynomials; what is integrated here is a sigmoid,
which may be steep, and there its wide nodes lose: at a slope of 8 to a standard deviation 32 of them err by 5 %, these
by 0.02 %.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid, log_softmax, sigmoid
from jax.scipy.special import digamma, polygamma
from jaxtyping import Array, Float

from taut.likelihoods.transformed import BetaShares, GaussianLogOdds
from taut.likelihoods.units import PerUnit

_STEPS = np.arange(-24, 25) / 4.0
# Tails of a power law: evenly in u with x = sinh u, far out.
_FAR = np.arange(-40, 41) / 5.0
_WIDE = np.arange(-48, 49) / 4.0


class Nodes(NamedTuple):
    """For each entry points, and the logarithms of weights that sum to one."""

    points: Float[Array, "entries nodes"]
    log_weights: Float[Array, "entries nodes"]


def nodes_of(distribution: dist.Distribution) -> Nodes | None:
    """The nodes of a vector of independent entries, coded where they are; None for counts, which have no end.

    >>> import jax.numpy as jnp
    >>> points, log_weights = nodes_of(dist.Normal(jnp.array([3.0]), 2.0).to_event(1))
    >>> round(float(jnp.sum(jnp.exp(log_weights) * points**2)), 4)
    13.0
    """
    coded = distribution.coded if isinstance(distribution, PerUnit) else distribution
    base = coded.base_dist if isinstance(coded, dist.Independent) else coded
    for kind, nodes in _NODES:
        if isinstance(base, kind):
            return nodes(base)
    return None


def _normal(base: Any) -> Nodes:
    return _gaussian(jnp.asarray(base.loc), jnp.asarray(base.scale))


def _log_normal(base: Any) -> Nodes:
    points, log_weights = _normal(base)
    return Nodes(jnp.exp(points), log_weights)


def _logit_normal(base: GaussianLogOdds) -> Nodes:
    points, log_weights = _normal(base.base_dist)
    return Nodes(sigmoid(points), log_weights)


def _gaussian(location: Float[Array, "entries"], scale: Float[Array, "entries"]) -> Nodes:
    location, scale = jnp.broadcast_arrays(location, scale)
    steps = jnp.asarray(_STEPS[None], location.dtype)
    points = location[:, None] + scale[:, None] * steps
    return Nodes(points, jnp.broadcast_to(log_softmax(-0.5 * steps**2), points.shape))


def _student_t(base: dist.StudentT) -> Nodes:
    location, scale, freedom = (jnp.asarray(part) for part in (base.loc, base.scale, base.df))
    u = jnp.asarray(_FAR[None], location.dtype)
    kernel = -0.5 * (freedom[:, None] + 1.0) * jnp.log1p(jnp.sinh(u) ** 2 / freedom[:, None])
    return Nodes(location[:, None] + scale[:, None] * jnp.sinh(u), log_softmax(kernel + jnp.log(jnp.cosh(u)), axis=1))


def _beta(base: BetaShares) -> Nodes:
    """In log-odds, whose mean and variance are known: ψ(a) − ψ(b) and ψ'(a) + ψ'(b)."""
    a, b = jnp.asarray(base.concentration1), jnp.asarray(base.concentration0)
    steps = jnp.asarray(_WIDE[None], a.dtype)
    odds = (digamma(a) - digamma(b))[:, None] + jnp.sqrt(polygamma(1, a) + polygamma(1, b))[:, None] * steps
    kernel = a[:, None] * log_sigmoid(odds) + b[:, None] * log_sigmoid(-odds)
    return Nodes(sigmoid(odds), log_softmax(kernel, axis=1))


def _mixture(base: dist.MixtureSameFamily) -> Nodes:
    parts: dist.Normal = base.component_distribution  # pyright: ignore[reportAssignmentType]
    location, scale = jnp.broadcast_arrays(jnp.asarray(parts.loc), jnp.asarray(parts.scale))
    entries = location.shape[0]
    points, log_weights = _gaussian(location.reshape(-1), scale.reshape(-1))
    shares = log_softmax(jnp.asarray(base.mixing_distribution.logits), axis=-1).reshape(-1, 1)
    return Nodes(points.reshape(entries, -1), (shares + log_weights).reshape(entries, -1))


def _coins(base: Any) -> Nodes:
    logits = jnp.asarray(base.logits)
    return _codes(jnp.stack([log_sigmoid(-logits), log_sigmoid(logits)], axis=1))


def _categories(base: Any) -> Nodes:
    return _codes(log_softmax(jnp.asarray(base.logits), axis=-1))


def _codes(log_shares: Float[Array, "entries codes"]) -> Nodes:
    codes = jnp.arange(log_shares.shape[1], dtype=log_shares.dtype)
    return Nodes(jnp.broadcast_to(codes, log_shares.shape), log_shares)


_NODES: tuple[tuple[type, Callable[[Any], Nodes]], ...] = (
    (dist.Normal, _normal),
    (dist.LogNormal, _log_normal),
    (GaussianLogOdds, _logit_normal),
    (dist.StudentT, _student_t),
    (BetaShares, _beta),
    (dist.MixtureSameFamily, _mixture),
    (dist.BernoulliLogits, _coins),
    (dist.CategoricalLogits, _categories),
)
