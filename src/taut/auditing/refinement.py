"""A Gaussian fitted to each row: it splits the gap into that of the family and that of the encoder."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.annealing import Path
from taut.bounds import log_mean_weight, log_mean_weight_error
from taut.fitting import refined_gaussian
from taut.guides import AbstractGuide, FlowTransform
from taut.models import AbstractModel
from taut.numerics import AffineMap, GaussianMixture, is_diagonal_gaussian, log_standard_normal, mean_of, one_draw
from taut.record import standard_error
from taut.shapes import DatumLike, RandomKey, Scalar
from taut.weights import RowFunction, draw, draw_keys, pareto_khat

# Draws by which one of several fits is chosen; the chosen one is scored with others.
CHOOSING = 32


class RefinedMoments(NamedTuple):
    """Means and marginal standard deviations of Gaussians over latents."""

    mean: Float[np.ndarray, "n latents"]
    deviation: Float[np.ndarray, "n latents"]


class Refinement(NamedTuple):
    """One row's refined Gaussians, and their ELBOs on fresh draws, in nats.

    `elbo_family` is the best found in the guide's own family, `elbo_full` the best with a full covariance. Of a
    mixture, a flow or a low rank only diagonal Gaussians are fitted, and the better of that and the guide itself is
    taken; of a guide without a named family it is diagonal. `amortisation` = elbo_family − the encoder's ELBO and
    `full_gain` = elbo_full − elbo_family are paired where both are Gaussian: the same standard draws on both sides.
    `log_p` is importance-weighted from the full one.
    """

    frame: AffineMap | Any
    elbo_family: Float[np.ndarray, "n"]
    elbo_family_error: Float[np.ndarray, "n"]
    elbo_full: Float[np.ndarray, "n"]
    elbo_full_error: Float[np.ndarray, "n"]
    amortisation: Float[np.ndarray, "n"]
    amortisation_error: Float[np.ndarray, "n"]
    full_gain: Float[np.ndarray, "n"]
    full_gain_error: Float[np.ndarray, "n"]
    log_p: Float[np.ndarray, "n"]
    log_p_error: Float[np.ndarray, "n"]
    khat: Float[np.ndarray, "n"]


class RefinementOfRow(RowFunction):
    """`Refinement` of one datum: from the encoder's mean and from the prior's, the better one kept."""

    draws: int = eqx.field(static=True)

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> Refinement:
        """Refine, choose on some draws, score on others."""
        fit_key, choice_key, score_key = jr.split(key, 3)
        q = guide(x)
        own = own_frame(q)
        full, diagonal = _fits(model, x, q, own, fit_key)
        choosing = _standard_draws(choice_key, CHOOSING, full[0])
        best_diagonal = _best(model, x, diagonal, choosing)
        best_full = _best(model, x, [*full, best_diagonal], choosing)
        family = best_full if family_of(q) == "full" else best_diagonal
        u = _standard_draws(score_key, self.draws, best_full)
        of_full, of_family = log_ratios(model, x, best_full, u), log_ratios(model, x, family, u)
        if own is not None:
            of_own = log_ratios(model, x, own, u)
        elif named_family(q) is not None:
            of_own = _own_log_weights(model, x, q, self.draws, score_key)
            chosen = jnp.mean(_own_log_weights(model, x, q, CHOOSING, choice_key))
            of_family = jnp.where(chosen > jnp.mean(log_ratios(model, x, family, choosing)), of_own, of_family)
        else:
            of_own = jnp.full_like(of_full, jnp.nan)
        numbers: list[Any] = [
            *_mean_and_error(of_family),
            *_mean_and_error(of_full),
            *_mean_and_error(of_family - of_own),
            *_mean_and_error(of_full - of_family),
            log_mean_weight(_kept(of_full)),
            log_mean_weight_error(_kept(of_full)),
            pareto_khat(_kept(of_full)),
        ]
        return Refinement(best_full, *numbers)


def family_of(q: dist.Distribution) -> Literal["diagonal", "low-rank", "full"] | None:
    """The Gaussian family that a guide's distribution belongs to, or None."""
    if is_diagonal_gaussian(q):
        return "diagonal"
    if isinstance(q, dist.LowRankMultivariateNormal):
        return "low-rank"
    return "full" if isinstance(q, dist.MultivariateNormal) else None


def named_family(q: dist.Distribution) -> str | None:
    """The family of a guide's distribution where diagonal Gaussians are among it, or None."""
    if isinstance(q, GaussianMixture):
        return "mixture"
    if isinstance(q, dist.TransformedDistribution) and isinstance(q.transforms[-1], FlowTransform):
        return "flow"
    return family_of(q)


def own_frame(q: dist.Distribution) -> AffineMap | None:
    """The guide's own Gaussian as a frame, or None where it is none."""
    return None if family_of(q) is None else AffineMap.of(q)


def log_ratios(
    model: AbstractModel, x: DatumLike, frame: AffineMap, u: Float[Array, "draws latents"]
) -> Float[Array, "draws"]:
    """Log-weights of the latents that a frame gives to standard draws."""
    path = Path(model, x, frame)
    return jax.lax.map(lambda u: path.log_joint(u) - log_standard_normal(u), u, batch_size=min(64, len(u)))


def _fits(
    model: AbstractModel, x: DatumLike, q: dist.Distribution, own: AffineMap | None, key: RandomKey
) -> tuple[list[AffineMap], list[AffineMap]]:
    """Candidates with a full covariance, and with a diagonal one or one of the guide's own family, as matrices too."""
    full_key, diagonal_key = jr.split(key)
    # A guide that is no Gaussian may have no formula for its mean; a draw from it serves as the start.
    own_mean = one_draw(q, key=full_key) if own is None else own.mean
    starts = jnp.stack([own_mean, _start_from_prior(model, x, own_mean, full_key)])
    full = [refined_gaussian(model, x, starts, key=full_key)]
    # Zero, but not before the factor is there: two factorisations at once may hang (see `taut.fitting.posterior`).
    centre = full[0].mean[None] + jnp.nan_to_num(0.0 * full[0].root[0, 0])
    narrow = refined_gaussian(model, x, centre, key=diagonal_key, covariance="diagonal", newton_steps=0)
    diagonal = [AffineMap(narrow.mean, jnp.diag(narrow.root))]
    if own is not None:
        (full if family_of(q) == "full" else diagonal).append(own)
    return full, diagonal


def _start_from_prior(
    model: AbstractModel, x: DatumLike, otherwise: Float[Array, "latents"], key: RandomKey
) -> Float[Array, "latents"]:
    """The mean of a Gaussian prior; of another, whose mean may be where it has no mass, the best of a few draws."""
    prior = model.prior()
    if not model.has_prior:
        return jnp.zeros_like(otherwise)
    if own_frame(prior) is not None:
        return mean_of(prior)
    draws = jax.vmap(lambda key: one_draw(prior, key=key))(jr.split(jr.fold_in(key, CHOOSING), CHOOSING))
    values = jax.vmap(lambda z: model.log_joint(x, z))(draws)
    return draws[jnp.argmax(jnp.where(jnp.isnan(values), -jnp.inf, values))]


def _best(
    model: AbstractModel, x: DatumLike, candidates: list[AffineMap], u: Float[Array, "draws latents"]
) -> AffineMap:
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *candidates)
    elbos = jax.vmap(lambda frame: jnp.mean(log_ratios(model, x, frame, u)))(stacked)
    chosen = jnp.argmax(jnp.where(jnp.isnan(elbos), -jnp.inf, elbos))
    return jax.tree.map(lambda leaf: leaf[chosen], stacked)


def _own_log_weights(
    model: AbstractModel, x: DatumLike, q: dist.Distribution, draws: int, key: RandomKey
) -> Float[Array, "draws"]:
    return jax.lax.map(
        lambda key: draw(model, q, x, key=key).log_weight, draw_keys(key, draws), batch_size=min(64, draws)
    )


def _standard_draws(key: RandomKey, draws: int, frame: AffineMap) -> Float[Array, "draws latents"]:
    return jr.normal(key, (draws, *frame.mean.shape), frame.mean.dtype)


def _kept(log_w: Float[Array, "draws"]) -> Float[Array, "draws"]:
    return jnp.where(jnp.isnan(log_w), -jnp.inf, log_w)


def _mean_and_error(values: Float[Array, "draws"]) -> tuple[Scalar, Scalar]:
    return jnp.mean(values), standard_error(values)
