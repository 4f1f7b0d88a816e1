"""Bounds from forward and reverse walks, as functions of their log-weights."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num

from taut.numerics import log_mean_exp
from taut.record import Estimate
from taut.shapes import Scalar

Chains = Float[Array, "chains"]


def annealed_lower(forward: Chains) -> Scalar:
    """log (1/C) Σ_c w_c over forward walks: P(value > log p(x) + b) ≤ e^{−b}.

    A walk whose weight is not a number counts as weight zero; it is never dropped.

    >>> import jax.numpy as jnp
    >>> round(float(annealed_lower(jnp.array([0.0, jnp.nan]))), 4)
    -0.6931
    """
    return log_mean_exp(jnp.where(jnp.isnan(forward), -jnp.inf, forward))


def annealed_upper(reverse: Chains, forward: Chains) -> Scalar:
    """−log (1/C) Σ_c 1/U_c with U_c the mean of reverse weight c and all forward weights but the c-th.

        E 1/U_c = 1/p(x)   where the reverse walks start from posterior draws, so that P(value < log p(x) − b) ≤ e^{−b}

    Forward walks must not share randomness with the reverse ones or their starts. A reverse walk whose weight is not
    a number counts as 1/U = 0, a forward one as weight zero: one rule in both directions, under which E 1/U stays
    1/p(x). It is never looser, on average, than reverse walks alone, which are what is left for one chain.

    References: Grosse et al. 2015, arXiv:1511.02543, §3; Burda et al. 2015, arXiv:1412.8566.

    >>> import jax.numpy as jnp
    >>> float(annealed_upper(jnp.full(3, -2.0), jnp.full(3, -2.0)))
    -2.0
    """
    chains = reverse.shape[0]
    partners = jnp.where(jnp.isnan(forward), -jnp.inf, forward)
    failed = jnp.isnan(reverse) | jnp.isneginf(reverse)

    def one(c: Num[Array, ""]) -> Scalar:
        return log_mean_exp(partners.at[c].set(jnp.where(failed[c], jnp.inf, reverse[c])))

    return -log_mean_exp(-jax.vmap(one)(jnp.arange(chains)))


def annealed_upper_of_each(reverse: Chains, forward: Chains) -> Chains:
    """log ½ (w_c + w'_c) of every reverse walk c and a forward walk of its own: E exp(−value) = 1/p(x) for each.

    Looser than `annealed_upper`, but independent of one another where the starts are, so that the margin of their mean
    over rows and chains is as many times smaller (`certified_upper`). A walk whose weight is no number counts as there.

    >>> import jax.numpy as jnp
    >>> annealed_upper_of_each(jnp.array([-2.0, jnp.nan]), jnp.array([-2.0, -1.0])).tolist()
    [-2.0, inf]
    """
    failed = jnp.isnan(reverse) | jnp.isneginf(reverse)
    partners = jnp.where(jnp.isnan(forward), -jnp.inf, forward)
    return jnp.logaddexp(jnp.where(failed, jnp.inf, reverse), partners) - math.log(2.0)


def bridge(forward: Chains, reverse: Chains) -> Scalar:
    """Bennett's acceptance ratio: the root of Σ 1/(1 + Ẑ/w_f) = Σ 1/(1 + w_r/Ẑ), for equally many walks each way.

    The best single value from both, without a direction. By bisection over the range of the log-weights.
    References: Bennett 1976, J. Comput. Phys. 22; Shirts & Chodera 2008.

    >>> import jax.numpy as jnp
    >>> round(float(bridge(jnp.array([-3.0, -2.0]), jnp.array([-2.0, -1.0]))), 4)
    -2.0
    """
    forward = jnp.where(jnp.isnan(forward), -jnp.inf, forward)
    reverse = jnp.where(jnp.isnan(reverse), jnp.inf, reverse)
    both = jnp.concatenate([forward, reverse])
    finite = jnp.isfinite(both)

    def narrower(_: Int[Array, ""] | int, ends: tuple[Scalar, Scalar]) -> tuple[Scalar, Scalar]:
        low, high = ends
        middle = 0.5 * (low + high)
        excess = jnp.sum(jax.nn.sigmoid(forward - middle)) - jnp.sum(jax.nn.sigmoid(middle - reverse))
        return jnp.where(excess > 0, middle, low), jnp.where(excess > 0, high, middle)

    low = jnp.min(jnp.where(finite, both, jnp.inf))
    high = jnp.max(jnp.where(finite, both, -jnp.inf))
    low, high = jax.lax.fori_loop(0, 60, narrower, (low, high))
    return 0.5 * (low + high)


def certified_upper(
    values: Num[np.ndarray, "n *each"] | Float[Array, "n *each"], *, delta: float = 0.01, draws: int | None = None
) -> Estimate:
    """An upper bound on the mean of log p(x) over N rows that fails with probability at most δ, for exact starts.

        P( mean_n U_n < mean_n log p(x_n) − ln(1/δ)/N ) ≤ δ    where E exp(−U_n) = 1/p(x_n), independently

    by Markov's inequality for Π_n p(x_n) exp(−U_n), whose expectation is one. With R independent U of each row N is as
    many more.

    >>> import numpy as np
    >>> print(certified_upper(np.full(100, -5.0), delta=0.01))
    -4.954
    """
    taken = np.asarray(values, dtype=np.float64).ravel()
    return Estimate(
        value=float(taken.mean()) + math.log(1.0 / delta) / len(taken),
        status="certified-upper",
        delta=delta,
        condition="about the mean over these rows, whose latents are known to be posterior draws",
        draws=draws,
    )
