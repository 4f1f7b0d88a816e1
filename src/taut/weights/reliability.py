"""How far a set of weights can be trusted: its effective number, and how heavy its tail is."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from taut.shapes import LogWeights, Scalar

# The k̂ past which no number of draws helps (Vehtari et al. 2024, arXiv:1507.02646).
LARGEST_KHAT = 0.7
# A log-weight is a sum of many terms, each rounded; it is known to about this many steps of its precision.
ROUNDING_STEPS = 16


def effective_sample_size(log_w: LogWeights) -> Scalar:
    """1 / Σ_k w̃_k², between 1 and the number of draws, or 0 where every weight is zero (Kong 1992).

    >>> import jax.numpy as jnp
    >>> float(effective_sample_size(jnp.zeros(8)))
    8.0
    """
    nothing = jnp.all(jnp.isneginf(log_w))
    return jnp.where(nothing, 0.0, 1.0 / jnp.sum(jax.nn.softmax(jnp.where(nothing, 0.0, log_w)) ** 2))


def khat_threshold(draws: int) -> float:
    """The k̂ above which this many draws are too few: min(1 − 1/log₁₀ K, 0.7) (Vehtari et al. 2024, §3.2.3).

    >>> round(khat_threshold(100), 2), round(khat_threshold(5000), 2)
    (0.5, 0.7)
    """
    return min(1.0 - 1.0 / math.log10(draws), LARGEST_KHAT) if draws > 10 else 0.0


def pareto_khat(log_w: LogWeights) -> Scalar:
    """Tail index k̂ of the weights: 1/k̂ is the number of moments that they seem to have.

    A generalised Pareto distribution is fitted to the M = ⌈min(0.2 K, 3 √K)⌉ largest weights by the
    posterior-mean estimator of Zhang & Stephens 2009, then drawn to ½ with the weight of ten observations. Weights
    that differ by no more than the rounding of their logarithms have no tail, and get 0. The result is infinite where
    the tail cannot be judged: fewer than five weights in it, no weight above zero, or a weight that is not a number.

    References: Vehtari et al. 2024, Pareto smoothed importance sampling, JMLR 25(72), appendix C.

    >>> import jax.numpy as jnp
    >>> float(pareto_khat(jnp.zeros(1000)))
    0.0
    """
    draws = log_w.shape[0]
    tail = math.ceil(min(0.2 * draws, 3.0 * math.sqrt(draws)))
    if tail < 5:
        return jnp.asarray(jnp.inf, log_w.dtype)
    ordered = jnp.sort(log_w)  # what is not a number goes last
    top, cut = ordered[-1], ordered[-tail - 1]
    weights = jnp.exp(ordered - top)
    exceedances = weights[-tail:] - weights[-tail - 1]
    # Where a quarter of the tail ties with the cut the estimator has no scale to start from; then the ties are left
    # out.
    tied = exceedances[_quartile(tail)] <= 0
    held = jnp.where(tied, jnp.sum(exceedances > 0), tail)
    fitted = jnp.isfinite(top) & (held >= 5)
    usable = jnp.where(fitted, exceedances, jnp.arange(1.0, tail + 1, dtype=log_w.dtype))
    shape = _fit_generalised_pareto(usable, jnp.where(fitted, held, tail))
    khat = jnp.where(fitted, (held * shape + 5.0) / (held + 10.0), jnp.inf)
    # Under the exact posterior all weights are equal but for rounding, whose tail would be fitted as if it meant
    # something.
    rounding = ROUNDING_STEPS * jnp.finfo(log_w.dtype).eps * jnp.maximum(jnp.abs(top), 1.0)
    return jnp.where(jnp.isfinite(top) & (top - cut <= rounding), 0.0, khat)


def _fit_generalised_pareto(x: Float[Array, "tail"], n: Int[Array, ""]) -> Scalar:
    """Shape of the generalised Pareto distribution for the last n of ascending x ≥ 0 (Zhang & Stephens 2009, eqs 3–6).

    What comes before them must be zero, so that it adds nothing to the sums.
    """
    tail = x.shape[0]
    grid = 30 + math.isqrt(tail)
    candidates = 1.0 - jnp.sqrt(grid / (jnp.arange(1, grid + 1, dtype=x.dtype) - 0.5))
    b = candidates / (3.0 * x[tail - n + _quartile(n)]) + 1.0 / x[-1]
    shapes = jnp.sum(jnp.log1p(-jnp.outer(b, x)), axis=1) / n
    log_likelihood = n * (jnp.log(-b / shapes) - shapes - 1.0)
    return jnp.sum(jnp.log1p(-jnp.sum(b * jax.nn.softmax(log_likelihood)) * x)) / n


def _quartile(n: Int[Array, ""] | int) -> Int[Array, ""] | int:
    """Index of the lower quartile of n ascending values: ⌊n/4 + ½⌋, counted from one."""
    return (n + 2) // 4 - 1
