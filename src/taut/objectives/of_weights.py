"""Bounds with settings, as functions of log-weights: equal settings make equal bounds, and one compiled program."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp

from taut.bounds import log_mean_weight, mean_log_weight
from taut.shapes import LogWeights, Scalar

# Of log-weights, and of the logarithms of how much each draw counts, where they do not count the same.
Bound = Callable[..., Scalar]


@dataclasses.dataclass(frozen=True)
class PowerMean:
    """(1/p) log (1/K) Σ_k w_k^p: the ELBO at p = 0, the importance-weighted bound at 1, Rényi's of order 1 − p.

    It rises with p. Up to p = 1 it lies below log p(x) in expectation; for p > 1 it is an estimate, too low on average,
    of the upper bound (1/p) log E w^p.

    References: Li & Turner 2016, arXiv:1602.02311, eq. 7; Dieng et al. 2017, arXiv:1611.00328, eq. 5.

    >>> import jax.numpy as jnp
    >>> log_w = jnp.log(jnp.array([1.0, 3.0]))
    >>> [round(float(jnp.exp(PowerMean(p)(log_w))), 4) for p in (-1.0, 0.0, 1.0, 2.0)]
    [1.5, 1.7321, 2.0, 2.2361]
    """

    power: float

    def __call__(self, log_w: LogWeights, log_shares: LogWeights | None = None) -> Scalar:
        """The bound."""
        if self.power == 0.0:
            return mean_log_weight(log_w, log_shares)
        return log_mean_weight(self.power * log_w, log_shares) / self.power


@dataclasses.dataclass(frozen=True)
class OfGroups:
    """The mean of a bound over so many groups of equally many draws.

    >>> import jax.numpy as jnp
    >>> log_w = jnp.log(jnp.array([1.0, 3.0, 4.0, 4.0]))
    >>> round(float(jnp.exp(OfGroups(PowerMean(1.0), 2)(log_w))), 4)  # the geometric mean of 2 and 4
    2.8284
    """

    bound: Bound
    groups: int

    def __call__(self, log_w: LogWeights, log_shares: LogWeights | None = None) -> Scalar:
        """The mean over groups."""
        counted = (log_w,) if log_shares is None else (log_w, log_shares)
        return jnp.mean(jax.vmap(self.bound)(*(each.reshape(self.groups, -1) for each in counted)))


@dataclasses.dataclass(frozen=True)
class Combination:
    """Σ_i c_i B_i: bounds with their weights."""

    bounds: tuple[Bound, ...]
    weights: tuple[float, ...]

    def __call__(self, log_w: LogWeights, log_shares: LogWeights | None = None) -> Scalar:
        """The weighted sum."""
        parts = jnp.stack([bound(log_w, log_shares) for bound in self.bounds])
        return jnp.asarray(self.weights, parts.dtype) @ parts
