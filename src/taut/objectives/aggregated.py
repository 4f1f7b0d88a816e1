"""Penalties on the aggregated posterior q(z) = (1/N) Σ_n q(z|x_n), estimated from the rows of a batch."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.linalg import solve_triangular
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from taut.models import AbstractModel
from taut.numerics import one_draw
from taut.objectives.estimators import Sample, check_reparameterised
from taut.objectives.regularisers import AbstractRegulariser, Batch, gaussian_of
from taut.shapes import Scalar


class TotalCorrelation(AbstractRegulariser):
    """`weight` · KL( q(z) ‖ Π_j q(z_j) ) of the aggregated posterior q(z) = (1/N) Σ_n q(z|x_n).

    Of a row's latents, q(z) is estimated from the batch without bias: its own q counts 1/N, the others (N − 1)/N in
    equal parts, which is stratified sampling, averaged over who stands for the rows outside.

    References: Chen et al. 2018, Isolating sources of disentanglement, arXiv:1802.04942, eq. 4 and appendix C.2.
    """

    weight: float = eqx.field(static=True)

    def of_row(self, model: AbstractModel, sample: Sample) -> Any:
        """Draws, mean, root of the covariance. Raises OptionError where q is not Gaussian."""
        return sample.latents, *gaussian_of("beta-tc", sample.q)

    def of_batch(self, batch: Batch) -> Scalar:
        """The weighted estimate."""
        latents, means, roots = batch.statistics
        log_shares = jnp.log(shares_of_aggregate(batch.shares, batch.rows))

        def excess(z: Float[Array, "latents"], log_share: Float[Array, "batch"]) -> Scalar:
            by_row = jax.vmap(_log_gaussian, in_axes=(None, 0, 0))(z, means, roots)
            by_entry = norm.logpdf(z[None, :], means, jnp.sqrt(jnp.sum(roots**2, axis=2)))
            joint = logsumexp(log_share + by_row)
            return joint - jnp.sum(logsumexp(log_share[:, None] + by_entry, axis=0))

        values = jax.vmap(jax.vmap(excess, in_axes=(0, None)))(latents, log_shares)
        # A row of the padding has no weight, and its value need not be a number.
        return self.weight * jnp.sum(jnp.where(batch.shares > 0, batch.shares * jnp.mean(values, axis=1), 0.0))


def shares_of_aggregate(shares: Float[Array, "batch"], rows: int) -> Float[Array, "batch batch"]:
    """For each row of a batch, how much q of every row counts in its estimate of the mean of q over all `rows`.

    >>> shares_of_aggregate(jnp.array([0.5, 0.5, 0.0]), 10)[0].round(2).tolist()
    [0.1, 0.9, 0.0]
    """
    own = shares * jnp.sum(shares > 0) / rows
    others = shares[None, :] * (1.0 - own[:, None]) / jnp.maximum(1.0 - shares[:, None], jnp.finfo(shares.dtype).eps)
    return jnp.where(jnp.eye(shares.shape[0], dtype=bool), own[:, None], others)


class Discrepancy(AbstractRegulariser):
    """`weight` · MMD²(q(z), p(z)) of the aggregated posterior and the prior, by draws, without bias.

        MMD² = E k(z, z') − 2 E k(z, y) + E k(y, y'),   k(a, b) = C / (C + |a − b|²),   C = 2 · latents

    References: Zhao, Song & Ermon 2019, InfoVAE, arXiv:1706.02262, eq. 6; the kernel of Tolstikhin et al. 2018,
    arXiv:1711.01558, §4.
    """

    weight: float = eqx.field(static=True)

    def of_row(self, model: AbstractModel, sample: Sample) -> Float[Array, "latents"]:
        """The first draw."""
        check_reparameterised(sample.q)
        return sample.latents[0]

    def of_batch(self, batch: Batch) -> Scalar:
        """The weighted estimate, by as many draws of the prior as there are rows."""
        z, prior = batch.statistics, batch.model.prior()
        y = jax.vmap(lambda key: one_draw(prior, key=key))(jr.split(batch.key, z.shape[0]))
        even = jnp.full_like(batch.shares, 1.0 / z.shape[0])
        within = _mean_over_pairs(_kernel(z, z), batch.shares) + _mean_over_pairs(_kernel(y, y), even)
        return self.weight * (within - 2.0 * batch.shares @ _kernel(z, y) @ even)


def _log_gaussian(
    z: Float[Array, "latents"], mean: Float[Array, "latents"], root: Float[Array, "latents latents"]
) -> Scalar:
    place = solve_triangular(root, z - mean, lower=True)
    return jnp.sum(norm.logpdf(place)) - jnp.sum(jnp.log(jnp.diagonal(root)))


def _kernel(a: Float[Array, "batch latents"], b: Float[Array, "other latents"]) -> Float[Array, "batch other"]:
    distance = jnp.sum((a[:, None, :] - b[None, :, :]) ** 2, axis=2)
    wide = 2.0 * a.shape[1]
    return wide / (wide + distance)


def _mean_over_pairs(values: Float[Array, "n n"], shares: Float[Array, "n"]) -> Scalar:
    """Over pairs of different rows."""
    pairs = jnp.where(jnp.eye(shares.shape[0], dtype=bool), 0.0, shares[:, None] * shares[None, :])
    return jnp.sum(pairs * values) / jnp.maximum(jnp.sum(pairs), jnp.finfo(shares.dtype).tiny)
