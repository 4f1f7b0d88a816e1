"""Control runs of the lower bound from other starts, to detect modes that the refined Gaussian misses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
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
from taut.auditing.ends import FoundElsewhere
from taut.auditing.origins import Origins
from taut.auditing.refinement import own_frame
from taut.auditing.rowwise import RowMeasures
from taut.auditing.search import SHARED, ClimbsOfRow, MixtureOfRow
from taut.auditing.walks import CHAINS, LEAPFROGS, SETTLING, pilots, planned, walks
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
EXACT = "a partition of all latents"
SEARCH = "many latents, mirrored, permuted, near and far"


class FrameOfRow(RowFunction):
    """The guide's own Gaussian, or of a mixture or a flow that of its moments, widened."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> AffineMap:
        """The frame."""
        return gaussian_of(guide(x)).stretched(WIDENING)


class PriorPilot(RowFunction):
    """A pilot from the prior."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> Pilot:
        """The pilot."""
        path = Path(model, x, gaussian_of(model.prior()))
        betas = jnp.asarray(PRIOR_PILOT, path.frame.mean.dtype)
        return pilot(path, betas, chains=2 * CHAINS, leapfrogs=LEAPFROGS, settling=SETTLING // 5, key=key)


class PriorTrace(RowFunction):
    """Forward walks from the prior, noted on their way: `Trace` with a leading axis over chains."""

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Trace:
        """The traces."""
        path = Path(model, x, gaussian_of(model.prior()))

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
    posterior has tails like a power. `elsewhere` has the controls' lower bounds by row, and `checked`
    the numbers of the rows that the curve is of.
    """

    controls: list[Control]
    trade_off: list[TradeOff]
    moved: Estimate | None = None
    heavy: float = 0.0
    elsewhere: tuple[FoundElsewhere, ...] = ()
    checked: Sequence[int] = ()


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
    places = [place for place, number in enumerate(measured.numbers) if int(number) in known]
    certain = np.array([known[int(measured.numbers[place])] for place in places])
    widened, moved = _from_the_encoder(model, guide, x, measured.several, encoder_key, numbers)
    tried = [
        (EXACT, certain, take(measured, places)),
        (SEARCH, sought, _every_second(main)),
        (f"the encoder, {WIDENING:g} times as wide", widened, main),
    ]
    curve = []
    if model.has_prior:
        traces = _from_the_prior(model, guide, x, prior_key, numbers)
        gaussian = own_frame(model.prior()) is not None
        curve = trade_off(traces) if gaussian else []
        start = "the prior" if gaussian else "a Gaussian of the prior's moments"
        tried.append((start, np.asarray(_lower_ends(traces.log_weight[:, :, -1])), main))
    tried = [(start, np.asarray(bound, np.float64), rows) for start, bound, rows in tried]
    controls = [control for one in tried for control in _control(*one)]
    elsewhere = tuple(FoundElsewhere(start, rows.numbers, bound) for start, bound, rows in tried if len(bound))
    return Controlled(controls, curve, moved, heavy, elsewhere, numbers.tolist())


def gaussian_of(q: dist.Distribution) -> AffineMap:
    """A Gaussian as a frame; of another distribution the independent Gaussians of its moments."""
    own = own_frame(q)
    if own is not None:
        return own
    mean, variance, *_ = moments_of(q)
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


def _from_the_encoder(
    model: AbstractModel,
    guide: AbstractGuide,
    x: DataLike,
    several: bool,
    key: RandomKey,
    numbers: Int[np.ndarray, "n"],
) -> tuple[Float[np.ndarray, "n"], Estimate]:
    """Lower bounds from the widened encoder, and by how much starts from long walks move the upper ones."""
    pilot_key, walk_key, move_key = jr.split(key, 3)
    frames = map_rows(FrameOfRow(), model, guide, x, key=key, rows=numbers)
    origins, _ = Origins(several).of(model, guide, x, frames, key=pilot_key, rows=numbers)
    found = pilots(model, guide, x, origins, key=pilot_key, rows=numbers)
    lengths = np.full(len(x), 200)
    walked = walks(model, guide, x, origins, found, lengths, key=walk_key, rows=numbers)
    starts = map_rows(
        EndsOfRow(jnp.asarray(LONG)), model, guide, x, key=move_key, rows=numbers, block=size_for(len(x)),
        aside=planned(origins, found, np.arange(len(x)), LONG),
    )  # fmt: skip
    again = walks(model, guide, x, origins, found._replace(starts=starts), lengths, key=walk_key, rows=numbers)
    return walked.lower, Estimate.of_mean(again.upper.astype(np.float64) - walked.upper, MOVED)


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


_lower_ends = jax.jit(jax.vmap(annealed_lower))
BELOW = "lower bound from this start minus"


def _control(start: str, bound: Float[np.ndarray, "n"], rows: RowMeasures) -> list[Control]:
    """Paired by row; rows without a finite bound from this start are left out."""
    main, sound = rows.walks, np.isfinite(bound)
    if main is None or not sound.any():
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
