"""How far a set of weights can be trusted: its effective number, and how heavy its tail is."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from taut.shapes import LogWeights, Scalar


def effective_sample_size(log_w: LogWeights) -> Scalar:
    """1 / Σ_k w̃_k², between 1 and the number of draws (Kong 1992).

    >>> import jax.numpy as jnp
    >>> float(effective_sample_size(jnp.zeros(8)))
    8.0
    """
    return 1.0 / jnp.sum(jax.nn.softmax(log_w) ** 2)


def khat_threshold(draws: int) -> float:
    """The k̂ above which this many draws are too few: min(1 − 1/log₁₀ K, 0.7) (Vehtari et al. 2024, §3.2.3).

    >>> round(khat_threshold(100), 2), round(khat_threshold(5000), 2)
    (0.5, 0.7)
    """
    return min(1.0 - 1.0 / math.log10(draws), 0.7) if draws > 10 else 0.0


def pareto_khat(log_w: LogWeights) -> Scalar:
    """Tail index k̂ of the weights: 1/k̂ is the number of moments that they seem to have.

    A generalised Pareto distribution is fitted to the M = ⌈min(0.2 K, 3 √K)⌉ largest weights by the
    posterior-mean estimator of Zhang & Stephens 2009, then drawn to ½ with the weight of ten observations. Weights
    that are all equal have no tail, and get 0. Fewer than five tail weights cannot be fitted: the result is infinite.

    References: Vehtari et al. 2024, Pareto smoothed importance sampling, JMLR 25(72), appendix C.

    >>> import jax.numpy as jnp
    >>> float(pareto_khat(jnp.zeros(1000)))
    0.0
    """
    draws = log_w.shape[0]
    tail = math.ceil(min(0.2 * draws, 3.0 * math.sqrt(draws)))
    if tail < 5:
        return jnp.asarray(jnp.inf, log_w.dtype)
    ordered = jnp.exp(jnp.sort(log_w) - jnp.max(log_w))
    exceedances = ordered[-tail:] - ordered[-tail - 1]
    has_tail = exceedances[-1] > 0
    shape = _fit_generalised_pareto(jnp.where(has_tail, exceedances, jnp.arange(1.0, tail + 1, dtype=log_w.dtype)))
    return jnp.where(has_tail, (tail * shape + 5.0) / (tail + 10.0), 0.0)


def _fit_generalised_pareto(x: Float[Array, "tail"]) -> Scalar:
    """Shape of the generalised Pareto distribution for ascending x > 0 (Zhang & Stephens 2009, eqs 3–6)."""
    n = x.shape[0]
    grid = 30 + math.isqrt(n)
    candidates = 1.0 - jnp.sqrt(grid / (jnp.arange(1, grid + 1, dtype=x.dtype) - 0.5))
    # The lower quartile can be zero when weights tie at the cut-off; the smallest positive number keeps it finite.
    quartile = jnp.maximum(x[int(n / 4 + 0.5) - 1], jnp.finfo(x.dtype).tiny)
    b = candidates / (3.0 * quartile) + 1.0 / x[-1]
    shapes = jnp.mean(jnp.log1p(-jnp.outer(b, x)), axis=1)
    log_likelihood = n * (jnp.log(-b / shapes) - shapes - 1.0)
    return jnp.mean(jnp.log1p(-jnp.sum(b * jax.nn.softmax(log_likelihood)) * x))
