"""Logarithms and exponentials that keep their digits."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jax.nn import log_sigmoid, sigmoid, softplus
from jax.scipy.special import gammaln, logsumexp, xlogy
from jaxtyping import Array, Float

from taut.shapes import Scalar

NEAREST_END = 1e-6
"""How close to its ends a share may be read: the log-odds of the ends themselves are infinite."""
SMALLEST_SCALE = 1e-4
"""A scale of zero would make a log density infinite; far below what float32 draws resolve, in units of the data."""
# Factors 1 + exp(−|η|) that share a logarithm: their product is at most 2¹⁶.
FACTORS = 16


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


def positive(raw: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """softplus(raw) + `SMALLEST_SCALE`: a scale that a gradient can always move, and that is never zero."""
    return softplus(raw) + SMALLEST_SCALE


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


@jax.custom_jvp
def bernoulli_log_prob(x: Float[Array, "*n features"], logits: Float[Array, "*n features"]) -> Float[Array, "*n"]:
    """Σ_j [x_j η_j − softplus(η_j)], the log probability of independent zeros and ones, with few logarithms.

    Written as Σ_j [x_j η_j − max(η_j, 0)] − log Π_j (1 + exp(−|η_j|)): a logarithm costs as much as all the rest.

    >>> import jax.numpy as jnp
    >>> round(float(bernoulli_log_prob(jnp.array([0.0, 1.0]), jnp.zeros(2))), 4)
    -1.3863
    """
    return jnp.sum(x * logits - jnp.maximum(logits, 0.0), axis=-1) - sum_log1p_exp_minus(jnp.abs(logits))


def _bernoulli_tangent(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Array, Array]:
    (x, logits), value = primals, bernoulli_log_prob(*primals)
    tangent = jnp.zeros_like(value)
    # What does not vary has no term, rather than one of zeros.
    for slope, along in zip((logits, x - sigmoid(logits)), tangents, strict=True):
        if not isinstance(along, SymbolicZero):
            tangent = tangent + jnp.sum(slope * along, axis=-1)
    return value, tangent


bernoulli_log_prob.defjvp(_bernoulli_tangent, symbolic_zeros=True)


@jax.custom_jvp
def sum_log1p_exp_minus(a: Float[Array, "*n features"]) -> Float[Array, "*n"]:
    """Σ_j log(1 + exp(−a_j)) for a ≥ 0, with one logarithm for every `FACTORS` entries.

    Products are kept less one, (1 + p)(1 + q) − 1 = p + q + pq, so that a sum close to zero keeps its digits.
    """
    width = -(-a.shape[-1] // FACTORS)
    short = [(0, 0)] * (a.ndim - 1) + [(0, width * FACTORS - a.shape[-1])]
    terms = jnp.pad(jnp.exp(-a), short).reshape(*a.shape[:-1], FACTORS, width)
    # Down the columns, which a processor takes many at a time.
    excess = lax.reduce(terms, jnp.zeros((), a.dtype), lambda p, q: p + q + p * q, (a.ndim - 1,))
    return jnp.sum(jnp.log1p(excess), axis=-1)


@sum_log1p_exp_minus.defjvp
def _sum_log1p_exp_minus_tangent(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Array, Array]:
    (a,), (along,) = primals, tangents
    return sum_log1p_exp_minus(a), -jnp.sum(sigmoid(-a) * along, axis=-1)


# Below, log Γ itself is small enough; above, four terms of Stirling's series are exact to 10⁻¹⁴.
FEW = 16.0


# Programs within a program: traced and lowered once, however often a log-density asks for them.
@jax.jit
def stirling_rest(n: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """log Γ(n + 1) − (n log n − n), for n of at least zero: of order log n where log Γ is of order n log n.

    >>> import jax.numpy as jnp
    >>> [round(float(stirling_rest(jnp.array(n))), 4) for n in (0.0, 1.0, 1e9)]
    [0.0, 1.0, 11.2806]

    References: Loader 2000, Fast and accurate computation of binomial probabilities.
    """
    few = jnp.where(n < FEW, n, 1.0)
    many = jnp.where(n < FEW, FEW, n)
    # log Γ(1) is 5 · 10⁻⁷ in float32, which adds up over entries that are zero; log Γ(2) is 0.
    direct = gammaln(few + 2.0) - jnp.log1p(few) - xlogy(few, few) + few
    inverse, square = 1.0 / many, 1.0 / many**2
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return jnp.where(n < FEW, direct, 0.5 * (math.log(2 * math.pi) + jnp.log(many)) + series)


@jax.jit
def count_deviance(x: Float[Array, "*shape"], log_mean: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """x log(x/μ) + μ − x, half the deviance of a count (or of any x ≥ 0) from a mean μ; zero where they are equal.

    Written as x (exp d − 1 − d) with d = log(μ/x), whose terms are no larger than what they add up to by more than 1/d.

    >>> import jax.numpy as jnp
    >>> float(count_deviance(jnp.array(0.0), jnp.log(3.0)))
    3.0
    """
    there = jnp.where(x > 0, x, 1.0)
    ratio = log_mean - jnp.log(there)
    return jnp.where(x > 0, there * (jnp.expm1(ratio) - ratio), jnp.exp(log_mean))
