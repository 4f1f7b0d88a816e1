"""What each latent carries."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Float

from taut.auditing.rate_decomposition import RateDecomposition, decompose_rate
from taut.auditing.refinement import RefinedMoments, family_of
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import mean_and_cholesky, moments_of
from taut.record import Collapse, LatentUse
from taut.shapes import DataLike, DatumLike, RandomKey
from taut.weights import RowFunction, map_rows

# Burda et al. 2016, §5: a latent is active where its posterior mean moves with the data.
ACTIVE_VARIANCE = 0.01
# Roots of full covariances that are kept for the decomposition of the rate, in numbers: 200 MB.
MOST_NUMBERS = 50_000_000


class GuideMoments(NamedTuple):
    """Where q puts a datum: its mean, and its standard deviations or, for a full covariance, its root."""

    mean: Float[np.ndarray, "n latents"]
    spread: Float[np.ndarray, "n latents *columns"]


class MomentsOfRow(RowFunction):
    """`GuideMoments` of one datum. A guide that is not Gaussian is placed by its first two moments."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> GuideMoments:
        """Mean and spread."""
        q = guide(x)
        found = moments_of(q)
        correlated = family_of(q) in ("full", "low-rank")
        parts: Any = mean_and_cholesky(q) if correlated else (found.mean, jnp.sqrt(found.variance))
        return GuideMoments(*parts)


def moments_of_rows(model: AbstractModel, guide: AbstractGuide, data: DataLike, *, key: RandomKey) -> GuideMoments:
    """`GuideMoments` of every row."""
    return map_rows(MomentsOfRow(), model, guide, data, key=key)


def rate_decomposition_of(
    model: AbstractModel, guide_moments: GuideMoments | None, *, gaussian: bool, key: RandomKey
) -> RateDecomposition | None:
    """The decomposition over all rows, or over as many as memory holds; None without a prior to hold them against.

    A guide that is not `gaussian` has a Gaussian of its moments in its place, and the conditions say so.
    """
    if guide_moments is None or not model.has_prior:
        return None
    whole = [np.reshape(part, (len(part), -1)) for part in guide_moments]
    sound = np.nonzero(np.all(np.isfinite(np.concatenate(whole, axis=1)), axis=1))[0]
    most = max(MOST_NUMBERS // int(np.prod(guide_moments.spread.shape[1:])), 1)
    chosen = np.sort(sound[np.asarray(jr.permutation(key, len(sound)))[:most]])
    if len(chosen) == 0:
        return None
    return decompose_rate(
        np.asarray(guide_moments.mean)[chosen],
        np.asarray(guide_moments.spread)[chosen],
        model.prior(),
        key=key,
        exactly=gaussian,
    )


def use_of_latents(
    guide_moments: GuideMoments,
    prior: dist.Distribution,
    rate_decomposition: RateDecomposition | None,
    posterior: RefinedMoments | None,
) -> list[LatentUse]:
    """What each latent carries; of one that carries nothing, whether the model or the encoder causes it."""
    variances = np.var(np.asarray(guide_moments.mean, np.float64), axis=0)
    kls = _mean_kl(guide_moments.mean, _deviations(guide_moments.spread), prior)
    refined_kls = None if posterior is None else _mean_kl(*posterior, prior)
    refined_variances = None if posterior is None else np.var(np.asarray(posterior.mean, np.float64), axis=0)
    uses = []
    for j, variance in enumerate(variances):
        refined_kl = None if refined_kls is None else float(refined_kls[j])
        idle = bool(variance <= ACTIVE_VARIANCE)
        uses.append(
            LatentUse(
                kl=float(kls[j]),
                variance_of_mean=float(variance),
                active=not idle,
                marginal_kl=None
                if rate_decomposition is None or rate_decomposition.latents is None
                else rate_decomposition.latents[j].value,
                refined_kl=refined_kl,
                collapse=_collapse(idle, None if refined_variances is None else float(refined_variances[j])),
            )
        )
    return uses


def _collapse(idle: bool, refined_variance: float | None) -> Collapse | None:
    """The amortisation is the cause where the refined Gaussians use the latent that the encoder does not."""
    if not idle or refined_variance is None:
        return None
    return "amortisation" if refined_variance > ACTIVE_VARIANCE else "model"


def _mean_kl(
    means: Float[np.ndarray, "n d"], deviations: Float[np.ndarray, "n d"], prior: dist.Distribution
) -> Float[np.ndarray, "d"]:
    """Mean KL of each latent's marginal to the prior's, both taken as Gaussian; nothing without a proper prior."""
    if isinstance(prior, dist.ImproperUniform):
        return np.zeros(means.shape[1])
    of_prior = moments_of(prior)
    centre, variance = np.asarray(of_prior.mean, np.float64), np.asarray(of_prior.variance, np.float64)
    ratio = np.asarray(deviations, np.float64) ** 2 / variance
    shift = (np.asarray(means, np.float64) - centre) ** 2 / variance
    return np.mean(0.5 * (ratio + shift - 1.0 - np.log(ratio)), axis=0)


def _deviations(spread: Float[np.ndarray, "n d *columns"]) -> Float[np.ndarray, "n d"]:
    return np.sqrt(np.sum(np.asarray(spread) ** 2, axis=-1)) if spread.ndim == 3 else np.asarray(spread)
