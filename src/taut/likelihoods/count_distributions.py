"""The distributions of counts: numpyro's lose their digits where counts are large.

Each log-probability is a sum of deviances and of what Stirling's formula leaves, see `taut.numerics.count_deviance`.
"""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false, reportIncompatibleVariableOverride=false

import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jax.nn import log_sigmoid
from jaxtyping import Array, Float, Num
from numpyro.distributions import constraints

from taut.numerics import count_deviance, stirling_rest
from taut.shapes import RandomKey

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
