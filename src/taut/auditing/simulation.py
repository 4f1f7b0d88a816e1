"""The same measurement on rows drawn from the model, whose latents are exact posterior draws."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int

from taut.auditing.origins import Origins
from taut.auditing.refinement import Refinement, RefinementOfRow
from taut.auditing.rows import RowResult, account_for_rows
from taut.auditing.usage import MomentsOfRow
from taut.auditing.walks import CHAINS, ROWS_AT_ONCE, Walks, pilots, walks
from taut.bounds import certified_lower, certified_upper
from taut.compiling import compiled_sooner
from taut.datum import rows_in, rows_on_device
from taut.errors import AuditError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap, take
from taut.record import Estimate, Simulated
from taut.shapes import DataLike, RandomKey
from taut.weights import map_rows

# Rows drawn, and rows among them that are matched to real ones and walked.
POOL, MATCHED = 256, 64

Features = Float[np.ndarray, "n features"]
Simulations = Float[np.ndarray, "m features"]


class Pool(NamedTuple):
    """Rows drawn from the model, the latents that made them, and what the encoder and refining say of them."""

    data: DataLike
    latents: Float[np.ndarray, "n latents"]
    encoder: RowResult
    refined: Refinement
    norms: Float[np.ndarray, "n"]


def draw_pool(
    model: AbstractModel,
    guide: AbstractGuide,
    like: DataLike,
    *,
    draws: int,
    refined_draws: int,
    key: RandomKey,
    rows: int = POOL,
) -> Pool:
    """Draw rows (z, x) from the model, and account for each x.

    Where the model knows of holes or covariates, a row takes those of `like`, in turn: they do not depend on z,
    so that z remains an exact draw from its posterior.
    """
    sample_key, account_key, refine_key = jr.split(key, 3)
    templates = rows_on_device(take(like, np.arange(rows) % rows_in(like)))
    data, latents = jax.tree.map(np.asarray, drawn_rows(model, templates, sample_key))
    encoder = account_for_rows(model, guide, data, draws=draws, key=account_key)
    refined = map_rows(RefinementOfRow(refined_draws), model, guide, data, key=refine_key, block=ROWS_AT_ONCE)
    return Pool(data, latents, encoder, refined, norms_of(model, guide, data, key=key))


@eqx.filter_jit
def _coordinates(frames: AffineMap, latents: Float[Array, "n latents"]) -> Float[Array, "n latents"]:
    return eqx.filter_vmap(lambda frame, z: frame.coordinates(z))(frames, latents)


def drawn_rows(model: AbstractModel, templates: DataLike, key: RandomKey) -> tuple[Any, Array]:
    """A row from the model for each of these, with its holes and covariates, and the latent that made it."""
    return compiled_sooner(_drawn_rows)(model, templates, key)


@eqx.filter_jit
def _drawn_rows(model: AbstractModel, templates: DataLike, key: RandomKey) -> tuple[Any, Array]:
    keys = jr.split(key, rows_in(templates))
    return jax.vmap(lambda x, key: model.given(x).sample(key=key))(templates, keys)


def norms_of(model: AbstractModel, guide: AbstractGuide, data: DataLike, *, key: RandomKey) -> Float[np.ndarray, "n"]:
    """Length of the encoder's mean for each row."""
    guide_moments = map_rows(MomentsOfRow(), model, guide, data, key=key)
    return np.linalg.norm(np.asarray(guide_moments.mean, np.float64), axis=1)


def features_of(encoder: RowResult, refined: Refinement, norms: Float[np.ndarray, "n"]) -> Features:
    """What rows are matched by: ELBO, log p(x) − ELBO, the tail of the weights, and where the encoder puts them."""
    columns = [encoder.elbo, refined.log_p - encoder.elbo, np.minimum(encoder.khat, 2.0), norms]
    return np.nan_to_num(np.stack([np.asarray(column, np.float64) for column in columns], axis=1))


def simulated_check(
    model: AbstractModel,
    guide: AbstractGuide,
    pool: Pool,
    real: Features,
    lengths: Int[np.ndarray, "k"],
    *,
    key: RandomKey,
    delta: float,
    several: bool = False,
) -> Simulated:
    """Bracket the simulated rows that resemble the real ones, from exact starts and from the starts that those get.

    Choosing rows by any function of x leaves their latents exact posterior draws, so that both bounds are certified;
    the difference of the two upper bounds measures what approximate starts do. `several` says whether
    walks of real rows start from mixtures.
    """
    pilot_key, walk_key = jr.split(key)
    simulated = features_of(pool.encoder, pool.refined, pool.norms)
    chosen = matches(real, simulated, min(MATCHED, len(simulated)))
    x, frames = take(pool.data, chosen), take(pool.refined.frame, chosen)
    origins, _ = Origins(several).of(model, guide, x, frames, key=pilot_key, rows=chosen)
    found = pilots(model, guide, x, origins, key=pilot_key, rows=chosen)
    exact = _coordinates(frames, jax.device_put(pool.latents[chosen]))
    exact = np.repeat(np.asarray(exact)[:, None], CHAINS, axis=1)
    length = np.full(len(chosen), int(np.median(lengths)))
    certified, usual = (
        walks(model, guide, x, origins, found._replace(starts=starts), length.copy(), key=walk_key, rows=chosen)
        for starts in (exact, np.repeat(np.asarray(found.starts)[:, :1], CHAINS, axis=1))
    )
    return _summary(certified, usual, comparable=_within(real, simulated), delta=delta)


def matches(real: Features, simulated: Simulations, count: int) -> Int[np.ndarray, "count"]:
    """For real rows in turn the nearest simulated row that is still free, in units of the real rows' spread.

    >>> import numpy as np
    >>> matches(np.array([[0.0], [9.0]]), np.array([[8.0], [1.0], [50.0]]), 2).tolist()
    [0, 1]
    """
    spread = np.std(real, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    free = np.ones(len(simulated), bool)
    for row in np.resize(np.arange(len(real)), count):
        distance = np.sum(((simulated - real[row]) / spread) ** 2, axis=1)
        free[np.argmin(np.where(free, distance, np.inf))] = False
    return np.nonzero(~free)[0]


def _within(real: Features, simulated: Simulations) -> float:
    inside = (real >= simulated.min(axis=0)) & (real <= simulated.max(axis=0))
    return float(np.mean(np.all(inside, axis=1)))


def _summary(certified: Walks, usual: Walks, *, comparable: float, delta: float) -> Simulated:
    if not np.all(np.isfinite([certified.lower, certified.upper, usual.upper])):
        raise AuditError(
            "Finite bounds are wanted on simulated rows; some have others; look at what the model samples."
        )
    moved = np.asarray(certified.upper, np.float64) - usual.upper
    count = len(moved)
    return Simulated(
        rows=count,
        lower=certified_lower(certified.lower, delta=delta / 2),
        upper=certified_upper(certified.upper, delta=delta / 2),
        matched=count,
        comparable=comparable,
        allowance=Estimate.of_mean(
            moved, "upper bound from exact starts minus upper bound from the starts that real rows get"
        ),
        allowance_q95=float(np.quantile(moved, 0.95)),
    )
