"""Means and variances: by formula where the distribution has one, else from draws."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jaxtyping import Array, Float, Shaped

from taut.numerics.distributions import one_draw

# The draws where there is no formula, a group at a time: of an image there may not be all of them in memory.
MOMENT_DRAWS, GROUPS = 2000, 40
# One key for all: a mean is a property of the distribution, and is to be the same each time that it is asked for.
MOMENT_KEY = 0


class Moments(NamedTuple):
    """Mean and variance of every entry, and their standard errors, which are zero where there is a formula."""

    mean: Float[Array, "*event"]
    variance: Float[Array, "*event"]
    mean_error: Float[Array, "*event"]
    variance_error: Float[Array, "*event"]


def moments_of(distribution: dist.Distribution) -> Moments:
    """Mean and variance of a distribution over one value, in its units.

    A flow, for one, has a density and draws but no formula for its moments: `MOMENT_DRAWS` draws with a fixed key stand
    in for each that is missing, so that the same distribution has the same moments.

    >>> import numpyro.distributions as dist
    >>> known, drawn = dist.LogNormal(0.0, 0.5), dist.TransformedDistribution(
    ...     dist.Normal(0.0, 0.5), [dist.transforms.ExpTransform()]
    ... )
    >>> found, truth = moments_of(drawn), moments_of(known)
    >>> bool(abs(found.mean - truth.mean) < 5 * found.mean_error), float(truth.mean_error)
    (True, 0.0)
    """
    mean, variance = _formula(distribution, "mean"), _formula(distribution, "variance")
    if mean is not None and variance is not None:
        return Moments(mean, variance, jnp.zeros_like(mean), jnp.zeros_like(variance))
    drawn = _from_draws(distribution)
    return Moments(
        drawn.mean if mean is None else mean,
        drawn.variance if variance is None else variance,
        drawn.mean_error if mean is None else jnp.zeros_like(mean),
        drawn.variance_error if variance is None else jnp.zeros_like(variance),
    )


def mean_of(distribution: dist.Distribution) -> Shaped[Array, "..."]:
    """The mean, as `moments_of`."""
    mean = _formula(distribution, "mean")
    return _from_draws(distribution).mean if mean is None else mean


def _formula(distribution: dist.Distribution, name: str) -> Shaped[Array, "..."] | None:
    try:
        return jnp.asarray(getattr(distribution, name))
    except NotImplementedError:
        return None


def _from_draws(distribution: dist.Distribution) -> Moments:
    """The error of the variance is from its spread over the groups: it needs no fourth moment."""

    def one_group(keys: Array) -> tuple[Array, Array]:
        draws = jax.vmap(lambda key: one_draw(distribution, key=key))(keys).astype(jnp.result_type(float))
        return jnp.mean(draws, axis=0), jnp.var(draws, axis=0, ddof=1)

    keys = jr.split(jr.key(MOMENT_KEY), (GROUPS, MOMENT_DRAWS // GROUPS))
    means, variances = jax.lax.map(one_group, keys)
    variance = jnp.mean(variances, axis=0)
    mean_error = jnp.sqrt(variance / MOMENT_DRAWS)
    return Moments(
        jnp.mean(means, axis=0), variance, mean_error, jnp.std(variances, axis=0, ddof=1) / jnp.sqrt(1.0 * GROUPS)
    )
