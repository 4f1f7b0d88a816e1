"""Local guides: free parameters for each datum, no network between."""

from __future__ import annotations

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.guides.base import AbstractGuide
from taut.guides.encoder import Covariance
from taut.numerics import SMALLEST_SCALE, AffineMap, inverse_softplus, mean_and_cholesky, positive
from taut.shapes import DataLike, DatumLike


class LocalGaussian(AbstractGuide):
    """q(z) = N(mean, C Cᵀ) with its own parameters: the diagonal of C positive, `below` None for a diagonal C."""

    mean: Float[Array, "*n latents"]
    raw_scale: Float[Array, "*n latents"]
    below: Float[Array, "*n latents latents"] | None
    amortised: ClassVar[bool] = False

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution, which does not look at the datum: its parameters belong to it already."""
        scale = positive(self.raw_scale)
        root = scale if self.below is None else jnp.diag(scale) + jnp.tril(self.below, -1)
        return AffineMap(self.mean, root).distribution()

    @classmethod
    def like(cls, distribution: dist.Distribution, *, covariance: Covariance) -> LocalGaussian:
        """The local guide that starts at a given Gaussian."""
        mean, root = mean_and_cholesky(distribution)
        scale = jnp.maximum(jnp.diagonal(root) - SMALLEST_SCALE, SMALLEST_SCALE)
        below = jnp.tril(root, -1) if covariance == "full" else None
        return cls(mean, inverse_softplus(scale), below)


def free_gaussians(guide: AbstractGuide, data: DataLike, *, covariance: Covariance = "diagonal") -> LocalGaussian:
    """One local Gaussian for each row of `data`, each starting where `guide` puts it.

    Returns a `LocalGaussian` with a leading axis over rows, ready for `taut.refine`.
    Raises NotImplementedError where the guide is not Gaussian.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import GaussianEncoder
    >>> free_gaussians(GaussianEncoder(3, 2, key=jr.key(0)), jnp.ones((5, 3))).mean.shape
    (5, 2)
    """
    return eqx.filter_vmap(lambda x: LocalGaussian.like(guide(x), covariance=covariance))(data)
