"""What each latent carries."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import mean_and_cholesky
from taut.record import LatentUse
from taut.shapes import Datum, RandomKey
from taut.weights import RowFunction

# Burda et al. 2016, §5: a latent is active where its posterior mean moves with the data.
ACTIVE_VARIANCE = 0.01


class Placement(NamedTuple):
    """Where q puts a datum: its mean, and for each latent the KL of its marginal to the prior's."""

    mean: Float[Array, "latents"]
    kl: Float[Array, "latents"]


class PlacementOfRow(RowFunction):
    """`Placement` of one datum, for a Gaussian q and a prior that is Gaussian with independent latents."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: Datum, *, key: RandomKey) -> Placement:
        """Means and marginal divergences."""
        mean, variance = _moments(guide(x))
        prior_mean, prior_variance = _moments(model.prior())
        ratio = variance / prior_variance
        kl = 0.5 * (ratio + (mean - prior_mean) ** 2 / prior_variance - 1.0 - jnp.log(ratio))
        return Placement(mean, kl)


def use_of_latents(placement: Placement) -> list[LatentUse]:
    """For each latent its mean KL, the variance of its posterior mean over the rows, and whether it is active."""
    variances = np.asarray(np.var(placement.mean, axis=0, dtype=np.float64))
    kls = np.asarray(np.mean(placement.kl, axis=0, dtype=np.float64))
    return [
        LatentUse(kl=float(kl), variance_of_mean=float(variance), active=bool(variance > ACTIVE_VARIANCE))
        for kl, variance in zip(kls, variances, strict=True)
    ]


def _moments(distribution: dist.Distribution) -> tuple[Float[Array, "latents"], Float[Array, "latents"]]:
    mean, root = mean_and_cholesky(distribution)
    return mean, jnp.sum(root**2, axis=1)
