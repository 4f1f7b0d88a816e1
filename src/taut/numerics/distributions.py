"""Densities, draws and moments of any distribution, and products of Gaussians."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float, Shaped
from numpyro.distributions import constraints

from taut.shapes import RandomKey, Scalar

_unordered = dist.Distribution.gather_pytree_data_fields.__func__


@functools.cache
def _fields_by_name(kind: type[dist.Distribution]) -> tuple[str, ...]:
    return tuple(sorted(_unordered(kind)))


# numpyro orders them by a set, and so by the hash seed of the process: the same model would be another program in the
# next process, where nothing that was compiled before could serve it.
dist.Distribution.gather_pytree_data_fields = classmethod(_fields_by_name)  # pyright: ignore[reportAttributeAccessIssue]


def log_density(distribution: dist.Distribution, value: Shaped[Array, "..."]) -> Scalar:
    """Log density, or log probability, of one value; minus infinity outside the support.

    numpyro looks at the support of what it is given in person alone: a Uniform that went through `jit` has density 1
    everywhere.

    >>> bounded = dist.Uniform(jnp.zeros(1), 1.0, validate_args=False).to_event(1)
    >>> float(log_density(bounded, jnp.array([2.0])))
    -inf
    """
    density = jnp.asarray(distribution.log_prob(value))
    support: Any = distribution.support
    own = not type(distribution).__module__.startswith("numpyro")
    if own or distribution.is_discrete or _holds_everything(support):
        return density
    return jnp.where(support(value), density, -jnp.inf)


def _holds_everything(support: Any) -> bool:
    """Whether it is all real numbers or vectors."""
    while isinstance(support, constraints.independent):
        support = support.base_constraint
    return support in (constraints.real, constraints.real_vector)


def log_density_by_entry(distribution: dist.Distribution, value: Shaped[Array, "datum"]) -> Float[Array, "entries"]:
    """The terms of log p of one vector whose entries are independent; a distribution of our own has them `by_entry`.

    What is given beside the entries has no term.
    """
    if isinstance(distribution, dist.Independent):
        return jnp.asarray(distribution.base_dist.log_prob(value))
    return distribution.by_entry(value)  # pyright: ignore[reportAttributeAccessIssue]


def is_discrete(distribution: dist.Distribution) -> bool:
    """Whether its `log_prob` is the log of a probability, and not of a density: by the support that it declares.

    >>> is_discrete(dist.Poisson(2.0)), is_discrete(dist.Normal(0.0, 1.0).expand([3]).to_event(1))
    (True, False)
    """
    return bool(getattr(distribution.support, "is_discrete", False))


def one_draw(distribution: dist.Distribution, *, key: RandomKey) -> Shaped[Array, "..."]:
    """One draw, through which a gradient passes where the distribution can be reparameterised."""
    return jnp.asarray(distribution.sample(key))


def mean_and_cholesky(distribution: dist.Distribution) -> tuple[Float[Array, "d"], Float[Array, "d d"]]:
    """The mean and the lower Cholesky factor of the covariance of a Gaussian over a vector.

    Raises NotImplementedError for anything that is not Gaussian: a divergence without a closed form
    must not be replaced by another number in silence.
    """
    if isinstance(distribution, dist.MultivariateNormal | dist.LowRankMultivariateNormal):
        return jnp.asarray(distribution.loc), jnp.asarray(distribution.scale_tril)
    if is_diagonal_gaussian(distribution):
        return jnp.asarray(distribution.mean), jnp.diag(jnp.sqrt(jnp.asarray(distribution.variance)))
    raise NotImplementedError(
        f"A closed-form divergence is wanted, for which both distributions must be Gaussian vectors; got "
        f"{type(distribution).__name__}; use the joint form of the ELBO, which is sampled."
    )


def gaussian_kl(q: dist.Distribution, p: dist.Distribution) -> Scalar:
    """KL(q ‖ p) between two Gaussian vectors, in nats.

        KL = ½ [ tr(Λ_p Σ_q) + (m_p − m_q)ᵀ Λ_p (m_p − m_q) − d + log |Σ_p| − log |Σ_q| ]

    Raises NotImplementedError where either is not Gaussian.

    >>> import numpyro.distributions as dist, jax.numpy as jnp
    >>> q = dist.Normal(jnp.array([1.0]), 1.0).to_event(1)
    >>> float(gaussian_kl(q, dist.Normal(jnp.zeros(1), 1.0).to_event(1)))
    0.5
    """
    if is_diagonal_gaussian(q) and is_diagonal_gaussian(p):
        return jnp.sum(gaussian_kl_by_entry(q, p))
    (q_mean, q_root), (p_mean, p_root) = mean_and_cholesky(q), mean_and_cholesky(p)
    spread = solve_triangular(p_root, q_root, lower=True)
    shift = solve_triangular(p_root, p_mean - q_mean, lower=True)
    log_volumes = jnp.sum(jnp.log(jnp.diagonal(p_root))) - jnp.sum(jnp.log(jnp.diagonal(q_root)))
    return 0.5 * (jnp.sum(spread**2) + jnp.sum(shift**2) - q_mean.shape[0]) + log_volumes


def gaussian_kl_by_entry(q: dist.Distribution, p: dist.Distribution) -> Float[Array, "d"]:
    """KL(q_j ‖ p_j) of every entry of two Gaussian vectors with independent entries, in nats.

    Raises NotImplementedError where either is something else.
    """
    if not (is_diagonal_gaussian(q) and is_diagonal_gaussian(p)):
        raise NotImplementedError("Independent Gaussians are wanted for a divergence of every entry; got others.")
    ratio = q.variance / p.variance
    return 0.5 * (ratio + (q.mean - p.mean) ** 2 / p.variance - 1.0 - jnp.log(ratio))


def is_diagonal_gaussian(distribution: dist.Distribution) -> bool:
    """Whether it is a Gaussian vector with independent entries."""
    while isinstance(distribution, (dist.Independent, dist.ExpandedDistribution)):
        distribution = distribution.base_dist
    return isinstance(distribution, dist.Normal)


def log_standard_normal(u: Float[Array, "d"]) -> Scalar:
    """log N(u; 0, I)."""
    return -0.5 * (jnp.sum(u**2) + u.shape[0] * math.log(2.0 * math.pi))


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
