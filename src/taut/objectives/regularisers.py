"""Penalties on the rows of a batch together, which no sum over rows can say."""

from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.errors import OptionError
from taut.models import AbstractModel
from taut.numerics import gaussian_kl_by_entry, mean_and_cholesky
from taut.objectives.estimators import Sample
from taut.shapes import RandomKey, Scalar


class Batch(NamedTuple):
    """What is known of a batch: a statistic of every row, with a leading axis, and the share that each row has in it.

    `rows` is how many rows there are in all, `kl_weight` the weight of the divergence now.
    """

    model: AbstractModel
    statistics: Any
    shares: Float[Array, "batch"]
    rows: int
    kl_weight: Float[Array, ""] | float
    key: RandomKey


class AbstractRegulariser(eqx.Module):
    """A penalty in nats: a statistic of every row, then one number of all of them."""

    @abstractmethod
    def of_row(self, model: AbstractModel, sample: Sample) -> Any:
        """What the penalty wants to know of one row."""

    @abstractmethod
    def of_batch(self, batch: Batch) -> Scalar:
        """The penalty."""


class FreeBits(AbstractRegulariser):
    """Σ_j max(λ − KL_j, 0): a latent whose mean divergence over the batch is below `nats` is not pressed further down.

    Together with the ELBO it is E log p(x|z) − Σ_j max(λ, KL_j).
    References: Kingma et al. 2016, arXiv:1606.04934, eq. 15.
    """

    nats: float = eqx.field(static=True)

    def of_row(self, model: AbstractModel, sample: Sample) -> Float[Array, "latents"]:
        """KL_j in closed form. Raises OptionError where q or the prior is not of independent Gaussians."""
        try:
            return gaussian_kl_by_entry(sample.q, model.prior())
        except NotImplementedError:
            raise _refused("free-bits", "q(z|x) and a prior of independent Gaussians", sample.q) from None

    def of_batch(self, batch: Batch) -> Scalar:
        """The penalty, weighted as the divergence is."""
        return batch.kl_weight * jnp.sum(jnp.maximum(self.nats - batch.shares @ batch.statistics, 0.0))


class MomentMatching(AbstractRegulariser):
    """off Σ_{i≠j} C_ij² + on Σ_i (C_ii − 1)², C the covariance over rows of q's means, or with `whole` of all of q(z).

    References: Kumar, Sattigeri & Balakrishnan 2018, DIP-VAE, arXiv:1711.00848, eqs 5 and 6.
    """

    off: float = eqx.field(static=True)
    on: float = eqx.field(static=True)
    whole: bool = eqx.field(static=True)

    def of_row(self, model: AbstractModel, sample: Sample) -> Any:
        """Mean and covariance. Raises OptionError where q is not Gaussian."""
        mean, root = gaussian_of("dip", sample.q)
        return mean, root @ root.T

    def of_batch(self, batch: Batch) -> Scalar:
        """The penalty."""
        means, covariances = batch.statistics
        apart = means - (batch.shares @ means)[None, :]
        found = (apart * batch.shares[:, None]).T @ apart
        if self.whole:
            found += jnp.tensordot(batch.shares, covariances, axes=1)
        diagonal = jnp.diagonal(found)
        return self.off * (jnp.sum(found**2) - jnp.sum(diagonal**2)) + self.on * jnp.sum((diagonal - 1.0) ** 2)


def gaussian_of(name: str, q: dist.Distribution) -> tuple[Float[Array, "latents"], Float[Array, "latents latents"]]:
    """Mean and root of the covariance, for the objective of this name. Raises OptionError where q is not Gaussian."""
    try:
        return mean_and_cholesky(q)
    except NotImplementedError:
        raise _refused(name, "a Gaussian q(z|x)", q) from None


def _refused(name: str, wanted: str, q: dist.Distribution) -> OptionError:
    return OptionError(f"`{name}` wants {wanted}; got {type(q).__name__}; take another objective.", option="objective")
