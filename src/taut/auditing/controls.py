"""Control runs of the lower bound from other starts, to detect modes that the refined Gaussian misses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int

from taut.annealing import (
    Path,
    Pilot,
    Schedule,
    Trace,
    Walk,
    forward_trace,
    forward_walk,
    pilot,
    resampled,
    steps_between,
)
from taut.auditing.origins import Origins
from taut.auditing.refinement import own_frame
from taut.auditing.rowwise import RowMeasures
from taut.auditing.search import SHARED, ClimbsOfRow, MixtureOfRow
from taut.auditing.walks import CHAINS, LEAPFROGS, SETTLING, Walks, pilots, planned, walks
from taut.bounds import annealed_lower
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap, moments_of, take
from taut.record import Control, Estimate, TradeOff
from taut.shapes import DataLike, DatumLike, RandomKey
from taut.weights import RowFunction, map_rows, size_for

ROWS = 32
# From the prior the posterior is far: many temperatures, most of them close to the prior, where ℓ varies wildly.
PRIOR_PILOT = (np.arange(1, 129) / 128) ** 3
PRIOR_LENGTH, MARKS = 1024, 16
WIDENING = 1.2
# Temperatures of the walks whose ends are compared with the usual starts.
LONG = 1024
MOVED = "upper bound from the ends of long walks minus that from the usual starts, both about the widened encoder"
SEARCH = "many latents, mirrored, permuted, near and far"


class FrameOfRow(RowFunction):
    """The guide's own Gaussian, widened."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> AffineMap | None:
        """The frame, or None where the guide is not Gaussian."""
        own = own_frame(guide(x))
        return None if own is None else own.stretched(WIDENING)


class PriorPilot(RowFunction):
    """A pilot from the prior."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> Pilot:
        """The pilot."""
        path = Path(model, x, frame_of_prior(model))
        betas = jnp.asarray(PRIOR_PILOT, path.frame.mean.dtype)
        return pilot(path, betas, chains=2 * CHAINS, leapfrogs=LEAPFROGS, settling=SETTLING // 5, key=key)


class PriorTrace(RowFunction):
    """Forward walks from the prior, noted on their way: `Trace` with a leading axis over chains."""

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Trace:
        """The traces."""
        path = Path(model, x, frame_of_prior(model))

        def one(key: RandomKey) -> Trace:
            return forward_trace(path, aside, marks=MARKS, leapfrogs=LEAPFROGS, key=key)

        return jax.vmap(one)(jr.split(key, 2 * CHAINS))


class EndsOfRow(RowFunction):
    """Where long forward walks end, resampled by their weights, in coordinates: draws of the posterior, or nearly."""

    length: Int[Array, ""]

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Float[Array, "chains latents"]:
        """As many ends as there are starts, from twice as many walks."""
        path, (walk_key, choice_key) = aside.origin.path(model, x), jr.split(key)
        chains = aside.starts.shape[0]

        def one(key: RandomKey) -> Walk:
            return forward_walk(path, aside.schedule, self.length, leapfrogs=LEAPFROGS, key=key)

        walked = jax.vmap(one)(jr.split(walk_key, 2 * chains))
        return walked.end[resampled(walked.log_weight, chains, key=choice_key)]


class Controlled(NamedTuple):
    """The controls, and the rate–distortion curve that the walks from the prior give by the way.

    `moved` is by how much starts from long walks move an upper bound; `heavy` the share of the checked rows whose
    posterior has tails like a power.
    """

    controls: list[Control]
    trade_off: list[TradeOff]
    moved: Estimate | None = None
    heavy: float = 0.0


def controls_for(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    measured: RowMeasures,
    *,
    key: RandomKey,
    known: Mapping[int, float],
) -> Controlled:
    """Control a few rows from other starts: the widened encoder, the prior, modes found by climbing, quadrature.

    `known` are lower bounds by row number that are certain.
    """
    some = np.unique(np.linspace(0, len(data) - 1, min(ROWS, len(data))).astype(int))
    main = take(measured, some)
    x, numbers = take(data, some), main.numbers
    if not guide.amortised:
        guide = take(guide, some)
    encoder_key, prior_key, search_key = jr.split(key, 3)
    sought, heavy = _sought(model, guide, x, main, search_key)
    if main.coverage is not None and measured.several:
        heavy = max(heavy, float(np.mean(main.coverage.uncovered)))
    controls = [*_by_quadrature(measured, known), *_control(SEARCH, sought, _every_second(main.walks))]
    moved = None
    frames = map_rows(FrameOfRow(), model, guide, x, key=key, rows=numbers)
    if frames is not None:
        pilot_key, walk_key, move_key = jr.split(encoder_key, 3)
        origins, _ = Origins(measured.several).of(model, guide, x, frames, key=pilot_key, rows=numbers)
        found = pilots(model, guide, x, origins, key=pilot_key, rows=numbers)
        lengths = np.full(len(x), 200)
        walked = walks(model, guide, x, origins, found, lengths, key=walk_key, rows=numbers)
        controls.extend(_control(f"the encoder, {WIDENING:g} times as wide", walked.lower, main.walks))
        starts = map_rows(
            EndsOfRow(jnp.asarray(LONG)), model, guide, x, key=move_key, rows=numbers, block=size_for(len(x)),
            aside=planned(origins, found, np.arange(len(x)), LONG),
        )  # fmt: skip
        again = walks(model, guide, x, origins, found._replace(starts=starts), lengths, key=walk_key, rows=numbers)
        moved = Estimate.of_mean(again.upper.astype(np.float64) - walked.upper, MOVED)
    if not model.has_prior:
        return Controlled(controls, [], moved, heavy)
    traces = _from_the_prior(model, guide, x, prior_key, numbers)
    bound = np.asarray(_lower_ends(traces.log_weight[:, :, -1]))
    gaussian = own_frame(model.prior()) is not None
    controls.extend(_control("the prior" if gaussian else "a Gaussian of the prior's moments", bound, main.walks))
    return Controlled(controls, trade_off(traces) if gaussian else [], moved, heavy)


def frame_of_prior(model: AbstractModel) -> AffineMap:
    """Where walks from the prior start: a Gaussian prior itself, of another the Gaussian of its moments."""
    own = own_frame(model.prior())
    if own is not None:
        return own
    mean, variance, *_ = moments_of(model.prior())
    return AffineMap(mean, jnp.diag(jnp.sqrt(variance)))


def trade_off(traces: Trace) -> list[TradeOff]:
    """R_β = −log Ẑ_β − β D_β and D_β = Σ w̃ (−ℓ) at each mark, means over rows (Huang et al. 2020, arXiv:2008.06653).

    ℓ = log p(x|z) where the walk starts from the prior.
    """
    log_w, distortion = np.asarray(traces.log_weight, np.float64), -np.asarray(traces.log_ratio, np.float64)
    log_w = np.where(np.isnan(log_w), -np.inf, log_w)
    top = log_w.max(axis=1, keepdims=True)
    weights = np.exp(log_w - top)
    log_z = top[:, 0] + np.log(weights.mean(axis=1))
    mean = np.sum(weights * distortion, axis=1) / weights.sum(axis=1)
    betas = np.asarray(traces.beta, np.float64)[0, 0]
    rate = -log_z - betas[None, :] * mean
    return [
        TradeOff(beta=float(beta), rate=float(r), distortion=float(d))
        for beta, r, d in zip(betas, rate.mean(axis=0), mean.mean(axis=0), strict=True)
        if math.isfinite(r) and math.isfinite(d)
    ]


def _from_the_prior(
    model: AbstractModel, guide: AbstractGuide, x: DataLike, key: RandomKey, numbers: Int[np.ndarray, "n"]
) -> Trace:
    pilot_key, walk_key = jr.split(key)
    found = map_rows(PriorPilot(), model, guide, x, key=pilot_key, rows=numbers)
    betas = (np.arange(1, PRIOR_LENGTH + 1) / PRIOR_LENGTH) ** 3
    steps = np.stack([steps_between(PRIOR_PILOT, row, betas) for row in np.asarray(found.step_sizes)])
    kind = found.step_sizes.dtype
    shape = (len(x), PRIOR_LENGTH)
    increments = np.diff(betas, prepend=0.0)
    parts = (np.broadcast_to(betas, shape), np.broadcast_to(increments, shape), steps)
    schedule = Schedule(*(jax.device_put(part.astype(kind)) for part in parts))
    return map_rows(PriorTrace(), model, guide, x, key=walk_key, rows=numbers, aside=schedule)


def _sought(
    model: AbstractModel, guide: AbstractGuide, x: DataLike, main: RowMeasures, key: RandomKey
) -> tuple[Float[np.ndarray, "half"], float]:
    """Lower bounds from all modes that were found, for every second of the rows; the share of these with heavy tails.

    What was found for one row is tried for the others: a mode that one climb in ten finds is then found for all rows.
    """
    climb_key, draw_key = jr.split(key)
    posterior, numbers = _every_second(main.posterior), main.numbers[::2]
    mean, deviation = np.asarray(posterior.mean), np.asarray(posterior.deviation)
    frames = AffineMap(*jax.device_put((mean, deviation[:, :, None] * np.eye(mean.shape[1], dtype=mean.dtype))))
    own = guide if guide.amortised else _every_second(guide)
    every_second = take(x, slice(None, None, 2))
    same: dict[str, Any] = {"rows": numbers, "block": 4}
    found = map_rows(ClimbsOfRow(), model, own, every_second, key=climb_key, aside=frames, **same)
    shared = found.means[:, :SHARED].reshape(-1, mean.shape[1])
    # Some twice, so that few numbers of rows make programs of their own.
    shared = np.resize(shared, (size_for(len(mean)) * SHARED, mean.shape[1]))
    starts = np.concatenate([found.means, np.broadcast_to(shared, (len(mean), *shared.shape))], axis=1)
    starts = np.where(np.isfinite(starts), starts, mean[:, None])
    log_p = map_rows(MixtureOfRow(), model, own, every_second, key=draw_key, aside=(frames, starts), **same)
    return log_p, float(np.mean(found.heavy))


def _every_second(tree: Any) -> Any:
    return take(tree, slice(None, None, 2))


def _by_quadrature(measured: RowMeasures, known: Mapping[int, float]) -> list[Control]:
    places = [place for place, number in enumerate(measured.numbers) if int(number) in known]
    if not places:
        return []
    values = np.array([known[int(measured.numbers[place])] for place in places])
    return _control("a partition of all latents", values, take(measured.walks, places))


_lower_ends = jax.jit(jax.vmap(annealed_lower))
BELOW = "lower bound from this start minus"


def _control(start: str, bound: Float[Array, "n"] | np.ndarray, main: Walks) -> list[Control]:
    """Paired by row; rows without a finite bound from this start are left out."""
    bound = np.asarray(bound, np.float64)
    sound = np.isfinite(bound)
    if not sound.any():
        return []
    control = Control(
        start=start,
        rows=int(sound.sum()),
        excess=Estimate.of_mean(
            (bound - main.lower)[sound], f"{BELOW} the main one; far above zero, a mode was missed"
        ),
        above=Estimate.of_mean((bound - main.upper)[sound], f"{BELOW} the upper one; above zero, that one is false"),
    )
    return [control]
