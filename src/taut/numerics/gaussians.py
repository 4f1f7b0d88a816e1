"""Kullback–Leibler divergence between Gaussians, whatever form their covariance has."""

import math

import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from taut.shapes import Scalar


def mean_and_cholesky(distribution: dist.Distribution) -> tuple[Float[Array, "d"], Float[Array, "d d"]]:
    """The mean and the lower Cholesky factor of the covariance of a Gaussian over a vector.

    Raises NotImplementedError for anything that is not Gaussian: a divergence without a closed form
    must not be replaced by another number in silence.
    """
    if isinstance(distribution, dist.MultivariateNormal):
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
        ratio = q.variance / p.variance
        return 0.5 * jnp.sum(ratio + (q.mean - p.mean) ** 2 / p.variance - 1.0 - jnp.log(ratio))
    (q_mean, q_root), (p_mean, p_root) = mean_and_cholesky(q), mean_and_cholesky(p)
    spread = solve_triangular(p_root, q_root, lower=True)
    shift = solve_triangular(p_root, p_mean - q_mean, lower=True)
    log_volumes = jnp.sum(jnp.log(jnp.diagonal(p_root))) - jnp.sum(jnp.log(jnp.diagonal(q_root)))
    return 0.5 * (jnp.sum(spread**2) + jnp.sum(shift**2) - q_mean.shape[0]) + log_volumes


def is_diagonal_gaussian(distribution: dist.Distribution) -> bool:
    """Whether it is a Gaussian vector with independent entries."""
    while isinstance(distribution, (dist.Independent, dist.ExpandedDistribution)):
        distribution = distribution.base_dist
    return isinstance(distribution, dist.Normal)


def log_standard_normal(u: Float[Array, "d"]) -> Scalar:
    """log N(u; 0, I)."""
    return -0.5 * (jnp.sum(u**2) + u.shape[0] * math.log(2.0 * math.pi))
