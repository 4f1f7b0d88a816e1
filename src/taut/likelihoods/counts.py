"""Counts: up to a known total, or without an upper end."""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false, reportIncompatibleVariableOverride=false
# The number of entries is that of the counts.
# pyright: reportIncompatibleVariableOverride=false

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid, sigmoid
from jax.scipy.special import logit
from jaxtyping import Array, Bool, Float, Int, Num
from numpyro.distributions import constraints

from taut.likelihoods.base import AbstractLikelihood, deviation_of_coin, raw_of_one
from taut.likelihoods.families import Family
from taut.numerics import count_deviance, positive, stirling_rest
from taut.shapes import Outputs, RandomKey

# Beyond, jax draws no Poisson counts, which it keeps in 32 bits; there a rounded Gaussian is one to four digits.
LARGEST_POISSON_MEAN = 1e9


class CountsOutOf(dist.BinomialLogits):
    """numpyro's binomial, with a log-probability that keeps its digits for any total."""

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability: as −(deviances of successes and failures), with what Stirling leaves of log C(n, x)."""
        logits, total = jnp.asarray(self.logits), jnp.asarray(self.total_count, float)
        hits = jnp.asarray(value, float)
        misses = total - hits
        coefficient = stirling_rest(total) - stirling_rest(hits) - stirling_rest(misses)
        log_hits, log_misses = jnp.log(total) + log_sigmoid(logits), jnp.log(total) + log_sigmoid(-logits)
        return coefficient - count_deviance(hits, log_hits) - count_deviance(misses, log_misses)


class PoissonCounts(dist.Distribution):
    """Counts with this log mean, whose log-probability keeps its digits for any mean."""

    support = constraints.nonnegative_integer

    def __init__(self, log_mean: Array):
        self.log_mean = log_mean
        super().__init__(batch_shape=jnp.shape(log_mean))

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Array:
        """Draws, as floats, which reach further than integers of 32 bits."""
        return poisson_draws(jnp.broadcast_to(self.mean, (*sample_shape, *jnp.shape(self.log_mean))), key=key)

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability."""
        count = jnp.asarray(value, float)
        return -stirling_rest(count) - count_deviance(count, self.log_mean)

    @property
    def mean(self) -> Array:
        """The mean."""
        return jnp.exp(self.log_mean)


class OverdispersedCounts(dist.Distribution):
    """Poisson counts whose mean is Gamma distributed: `concentration` r is the shape, exp(log_mean) = μ the mean.

    p(x) is that of x successes and r failures among x + r, times r/(x + r); written so, it keeps its digits.
    """

    support = constraints.nonnegative_integer

    def __init__(self, log_mean: Array, concentration: Array):
        self.log_mean, self.concentration = log_mean, concentration
        super().__init__(batch_shape=jnp.shape(log_mean))

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Array:
        """Draws, as floats."""
        rate_key, count_key = jr.split(key)
        shape = jnp.broadcast_to(self.concentration, (*sample_shape, *jnp.shape(self.log_mean)))
        rates = jnp.exp(jr.loggamma(rate_key, shape) - jnp.log(self.concentration) + self.log_mean)
        return poisson_draws(rates, key=count_key)

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability."""
        count, fails = jnp.asarray(value, float), self.concentration
        odds, log_sum = self.log_mean - jnp.log(fails), jnp.log(count + fails)
        coefficient = stirling_rest(count + fails) - stirling_rest(count) - stirling_rest(fails)
        counted = count_deviance(count, log_sum + log_sigmoid(odds))
        failed = count_deviance(fails, log_sum + log_sigmoid(-odds))
        return coefficient + jnp.log(fails) - log_sum - counted - failed

    @property
    def mean(self) -> Array:
        """The mean."""
        return jnp.exp(self.log_mean)


def poisson_draws(means: Float[Array, "*shape"], *, key: RandomKey) -> Float[Array, "*shape"]:
    """Poisson counts with these means, as floats."""
    count_key, noise_key = jr.split(key)
    few = jr.poisson(count_key, jnp.minimum(means, LARGEST_POISSON_MEAN)).astype(means.dtype)
    many = jnp.round(means + jnp.sqrt(means) * jr.normal(noise_key, means.shape, means.dtype))
    return jnp.where(means > LARGEST_POISSON_MEAN, many, few)


class Binomial(AbstractLikelihood):
    """Independent counts 0 … total, with logits as outputs; the binomial coefficient is included.

    >>> import jax.numpy as jnp
    >>> round(float(Binomial(1, total=16)(jnp.zeros(1)).log_prob(jnp.array([8]))), 4)
    -1.6277
    """

    features: int = eqx.field(static=True)
    total: int = eqx.field(static=True)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return CountsOutOf(outputs, self.total).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√(n p (1 − p)) t."""
        return self.total**0.5 * deviation_of_coin(outputs) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Logits of the mean share, kept in [0.001, 0.999]."""
        return logit(jnp.clip(mean / self.total, 0.001, 0.999))


class Poisson(AbstractLikelihood):
    """Independent counts, with log rates as outputs."""

    features: int = eqx.field(static=True)

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """All of them."""
        return np.ones(self.outputs, bool)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return PoissonCounts(outputs).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√rate t."""
        return jnp.exp(0.5 * outputs) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Log of the mean, with a hundredth of a count added for entries that are always zero."""
        return jnp.log(mean + 0.01)


class NegativeBinomial(AbstractLikelihood):
    """Independent overdispersed counts: log means as outputs, one learned concentration for each entry.

    variance = mean + mean² / concentration
    """

    features: int = eqx.field(static=True)
    raw_concentration: Float[Array, "features"]

    def __init__(self, features: int):
        self.features = features
        self.raw_concentration = raw_of_one(features)

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """All of them."""
        return np.ones(self.outputs, bool)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return OverdispersedCounts(outputs, positive(self.raw_concentration)).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√(μ r/(r + μ)) t, with μ the mean and r the concentration; in logarithms, because μ r would overflow."""
        log_concentration = jnp.log(positive(self.raw_concentration))
        return jnp.exp(0.5 * (log_concentration + log_sigmoid(outputs - log_concentration))) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Log of the mean, as for the Poisson."""
        return jnp.log(mean + 0.01)


def not_counts(values: np.ndarray) -> str:
    """Why these values are no counts; empty where they are."""
    if not (values.dtype.kind in "iub" or bool(np.all(values == np.round(values)))):
        return "Counts are wanted; got fractions; choose `gaussian` or `student-t` for real values."
    if values.min() < 0:
        return f"Counts are wanted; got the negative value {values.min():g}; choose `gaussian` for real values."
    return ""


BINOMIAL = Family(
    name="binomial",
    build=lambda sample: Binomial(sample.features, total=sample.levels - 1),
    discrete=True,
    arrays=True,
    complaint=not_counts,
    largest=lambda end: (end, "the total of the binomial"),
)
POISSON = Family(
    name="poisson",
    build=lambda sample: Poisson(sample.features),
    discrete=True,
    kinds=("count",),
    arrays=True,
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)
NEGATIVE_BINOMIAL = Family(
    name="negative-binomial",
    build=lambda sample: NegativeBinomial(sample.features),
    discrete=True,
    kinds=("count",),
    arrays=True,
    aliases=("nb",),
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)


# A gate that starts at a tenth of the entries can close as well as open.
STARTING_GATE = -2.2


class ZeroInflated(AbstractLikelihood):
    """Independent counts that are zero by a gate, or else counts: P(0) = π + (1 − π) P_count(0).

    Outputs are those of `counts`, then one logit of π for each entry.
    """

    counts: Poisson | NegativeBinomial

    def __init__(self, counts: Poisson | NegativeBinomial):
        self.counts = counts

    @property
    def features(self) -> int:
        """Entries of one datum."""
        return self.counts.features

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return 2 * self.features

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """The means of all entries, then their gates."""
        return np.tile(np.arange(self.features), 2)

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """The means, not the gates: a larger row has no other share of forced zeros."""
        return np.concatenate([self.counts.log_means, np.zeros(self.features, bool)])

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        means, gates = jnp.split(outputs, 2)
        counts: Any = self.counts(means)
        return dist.ZeroInflatedDistribution(counts.base_dist, gate_logits=gates, validate_args=False).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """As if the gate were seen, which tells more than the data do: a bound from above on the information."""
        means, gates = jnp.split(outputs, 2)
        of_means, of_gates = jnp.split(tangent, 2)
        open_ = jnp.exp(0.5 * log_sigmoid(-gates))
        return jnp.concatenate([open_ * self.counts.whitened(means, of_means), deviation_of_coin(gates) * of_gates])

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Gates nearly shut, and counts large enough to make up for them."""
        means = self.counts.starting_outputs(mean / sigmoid(-STARTING_GATE))
        return jnp.concatenate([means, jnp.full(self.features, STARTING_GATE)])


ZERO_INFLATED_POISSON = Family(
    name="zero-inflated-poisson",
    build=lambda sample: ZeroInflated(Poisson(sample.features)),
    discrete=True,
    kinds=("count",),
    arrays=True,
    aliases=("zip",),
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)
ZERO_INFLATED_NEGATIVE_BINOMIAL = Family(
    name="zero-inflated-negative-binomial",
    build=lambda sample: ZeroInflated(NegativeBinomial(sample.features)),
    discrete=True,
    kinds=("count",),
    arrays=True,
    aliases=("zinb",),
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)
