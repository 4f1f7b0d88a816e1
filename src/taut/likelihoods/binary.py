"""Entries in {0, 1}, and shares in [0, 1]."""

# numpyro's own distributions override these methods and properties in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false, reportArgumentType=false

from typing import Any, cast

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid, softplus
from jax.scipy.special import logit
from jaxtyping import Array, Float, Num
from numpyro.distributions import constraints

from taut.likelihoods.base import AbstractLikelihood, Nodes, code_nodes, deviation_of_coin
from taut.likelihoods.families import Family
from taut.numerics import bernoulli_log_prob
from taut.shapes import Outputs, RandomKey


class Bernoulli(AbstractLikelihood):
    """Independent zeros and ones, with logits η as outputs: log p = Σ_j [x_j η_j − softplus(η_j)].

    >>> import jax.numpy as jnp
    >>> round(float(Bernoulli(2)(jnp.zeros(2)).log_prob(jnp.array([0, 1]))), 4)
    -1.3863
    """

    features: int = eqx.field(static=True)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return VectorOfZerosAndOnes(ZerosAndOnes(outputs), 1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√(p (1 − p)) t."""
        return deviation_of_coin(outputs) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Logits of the mean, kept in [0.001, 0.999] as in Burda et al. 2016."""
        return logit(jnp.clip(mean, 0.001, 0.999))


class ContinuousBernoulli(AbstractLikelihood):
    """Independent shares in [0, 1] with density η exp(ηx) / (exp(η) − 1); cross-entropy alone is no density.

    References: Loaiza-Ganem & Cunningham 2019, The continuous Bernoulli, arXiv:1907.06845, eq. 8.
    """

    features: int = eqx.field(static=True)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return ContinuousBernoulliLogits(outputs).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√A''(η) t: η is the natural parameter, so that its information is the variance of x."""
        return jnp.sqrt(_variance_of_share(outputs)) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Logits of the mean: the sign is right and the size moderate, which is enough to start."""
        return logit(jnp.clip(mean, 0.001, 0.999))


class ZerosAndOnes(dist.BernoulliLogits):
    """numpyro's Bernoulli with log p = xη − softplus(η).

    Its own form hides a NaN among the logits as log p = 0, and has the wrong gradient where a logit is exactly zero.
    """

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability."""
        return value * self.logits - softplus(self.logits)


class VectorOfZerosAndOnes(dist.Independent):
    """Zeros and ones side by side: as the sum of their log probabilities, with fewer logarithms."""

    def log_prob(self, value: Num[Array, "*n features"]) -> Float[Array, "*n"]:
        """Log probability."""
        logits = jnp.asarray(cast(ZerosAndOnes, self.base_dist).logits)
        return bernoulli_log_prob(jnp.asarray(value).astype(logits.dtype), logits)


class ContinuousBernoulliLogits(dist.Distribution):
    """The continuous Bernoulli in its natural parameter η, which no library of distributions in JAX has.

    log p(x) = xη − A(η), A(η) = log[(exp η − 1)/η] = η/2 + log[sinh(η/2)/(η/2)]
    """

    arg_constraints = {"logits": constraints.real}  # noqa: RUF012  numpyro's own form
    support = constraints.unit_interval

    def __init__(self, logits: Float[Array, "*shape"], *, validate_args: bool | None = None):
        self.logits = logits
        super().__init__(batch_shape=jnp.shape(logits), validate_args=validate_args)

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log density, constants included."""
        return value * self.logits - self.logits / 2 - _log_sinhc(jnp.abs(self.logits) / 2)

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "*shape"]:
        """Inverse of the distribution function, on the side where exp does not overflow, then mirrored."""
        u = jr.uniform(key, sample_shape + self.batch_shape, self.logits.dtype)
        eta = -jnp.abs(self.logits)
        tiny = eta > -1e-3
        safe = jnp.where(tiny, -1.0, eta)
        x = jnp.where(tiny, u, jnp.log1p(u * jnp.expm1(safe)) / safe)
        return jnp.where(self.logits > 0, 1.0 - x, x)

    @property
    def mean(self) -> Float[Array, "*shape"]:
        """1/(1 − exp(−η)) − 1/η, the derivative of A."""
        tiny = jnp.abs(self.logits) < 1e-2
        safe = jnp.where(tiny, 1.0, self.logits)
        return jnp.where(tiny, 0.5 + self.logits / 12, -1.0 / jnp.expm1(-safe) - 1.0 / safe)


def _log_sinhc(u: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """log[sinh(u)/u] for u ≥ 0; the series where the quotient is 0/0."""
    tiny = u < 1e-2
    safe = jnp.where(tiny, 1.0, u)
    return jnp.where(tiny, u**2 / 6 - u**4 / 180, safe + jnp.log(-jnp.expm1(-2 * safe) / (2 * safe)))


def _variance_of_share(eta: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """A''(η) = 1/η² − 1/(4 sinh²(η/2)), in (0, 1/12]; the series where the difference would lose its digits."""
    tiny = jnp.abs(eta) < 0.5
    safe = jnp.where(tiny, 1.0, jnp.abs(eta))
    series = 1.0 / 12.0 - eta**2 / 240.0 + eta**4 / 6048.0
    # 1/(4 sinh²(η/2)) with the growing exponential divided out.
    return jnp.where(tiny, series, 1.0 / safe**2 - jnp.exp(-safe) / jnp.expm1(-safe) ** 2)


def _not_binary(values: np.ndarray) -> str:
    if bool(np.all((values == 0) | (values == 1))):
        return ""
    return (
        f"A Bernoulli likelihood wants zeros and ones; got values from {values.min():g} to {values.max():g}; "
        "binarise them (`--binarise dynamic`, or `fixed` with a seed) or choose `continuous-bernoulli` for shares."
    )


def _not_shares(values: np.ndarray) -> str:
    if values.min() >= 0 and values.max() <= 1:
        return ""
    return (
        f"A continuous Bernoulli likelihood wants shares from 0 to 1; got values from {values.min():g} to "
        f"{values.max():g}; divide them by their maximum or choose another likelihood."
    )


def _coin_nodes(coins: Any) -> Nodes:
    logits = jnp.asarray(coins.logits)
    return code_nodes(jnp.stack([log_sigmoid(-logits), log_sigmoid(logits)], axis=1))


BERNOULLI = Family(
    name="bernoulli",
    build=lambda sample: Bernoulli(sample.features),
    discrete=True,
    kinds=("binary",),
    arrays=True,
    complaint=_not_binary,
    largest=lambda end: (1, "one"),
    distribution=dist.BernoulliLogits,
    nodes=_coin_nodes,
)
CONTINUOUS_BERNOULLI = Family(
    name="continuous-bernoulli",
    build=lambda sample: ContinuousBernoulli(sample.features),
    arrays=True,
    complaint=_not_shares,
    largest=lambda end: (1, "the whole"),
)
