"""Lower bounds as functions of log-weights."""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from taut.numerics import log_mean_exp
from taut.record import Estimate
from taut.shapes import LogWeights, Scalar
from taut.weights import effective_sample_size


def mean_log_weight(log_w: LogWeights, log_shares: LogWeights | None = None) -> Scalar:
    """(1/K) Σ_k r_k log w_k, whose expectation is the ELBO; r_k, by default one, is how much a draw counts."""
    return jnp.mean(log_w if log_shares is None else jnp.exp(log_shares) * log_w)


def log_mean_weight(log_w: LogWeights, log_shares: LogWeights | None = None) -> Scalar:
    """log (1/K) Σ_k r_k w_k, whose expectation L_K rises with K from the ELBO to log p(x) (Burda et al. 2016, eq. 8).

    The draws may count for more or less, by r_k with mean one (Morningstar et al. 2021, arXiv:2003.01687, eq. 6).
    """
    return log_mean_exp(log_w if log_shares is None else log_w + log_shares)


def log_mean_weight_error(log_w: LogWeights) -> Scalar:
    """Standard error of `log_mean_weight` by the delta method: √(Σ w̃² − 1/K) up to K/(K−1)."""
    draws = log_w.shape[0]
    excess = jnp.maximum(1.0 / effective_sample_size(log_w) - 1.0 / draws, 0.0)
    return jnp.sqrt(excess * draws / max(draws - 1, 1))


def elbo(log_w: LogWeights) -> Estimate:
    """The ELBO of one datum, with its standard error over draws.

    >>> import jax.numpy as jnp
    >>> print(elbo(jnp.array([-2.0, -1.0])))
    -1.500 ± 0.500
    """
    return Estimate.of_mean(log_w, "below log p(x) in expectation", draws=log_w.shape[0])


def importance(log_w: LogWeights) -> Estimate:
    """The K-sample importance-weighted value of one datum, with its delta-method standard error.

    It lies below log p(x) in expectation, by about Var(w) / (2 K p(x)²); `certified_lower` makes a certificate of it.

    >>> import jax.numpy as jnp
    >>> print(importance(jnp.array([-1.0, -1.0])))
    -1.000 ± 0.000
    """
    draws = log_w.shape[0]
    error = float(log_mean_weight_error(log_w)) if draws > 1 else None
    return Estimate(
        value=float(log_mean_weight(log_w)), std_error=error, condition="below log p(x) in expectation", draws=draws
    )


def certified_lower(
    log_means: Num[np.ndarray, "n *each"] | Float[Array, "n *each"], *, delta: float = 0.01, draws: int | None = None
) -> Estimate:
    """A lower bound on the mean of log p(x) over N rows that fails with probability at most δ.

        P( mean_n log Ẑ_n > mean_n log p(x_n) + ln(1/δ)/N ) ≤ δ    for independent unbiased Ẑ_n ≥ 0

    by Markov's inequality for Π_n Ẑ_n/Z_n, whose expectation is one: no variance is assumed, and the statement is about
    these rows, not about the population that they come from. With R independent Ẑ of each row N is as many more.

    >>> import numpy as np
    >>> print(certified_lower(np.full(100, -5.0), delta=0.01))
    -5.046
    >>> print(certified_lower(np.full((100, 4), -5.0), delta=0.01))
    -5.012
    """
    values = np.asarray(log_means, dtype=np.float64).ravel()
    return Estimate(
        value=float(values.mean()) - math.log(1.0 / delta) / len(values),
        status="certified-lower",
        delta=delta,
        condition="about the mean over the audited rows",
        draws=draws,
    )
