"""Where walks start: from the refined Gaussian, or from a mixture where the posterior has more modes than one."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Bool, Float, Int

from taut.annealing import MOST_FREEDOM, Base, Mixture, Path, StandardNormal, Tails
from taut.auditing.search import DistinctModes, Steepness, distinct_modes, falls_along, many_starts, steepness
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap, take
from taut.shapes import DataLike, DatumLike, RandomKey, Scalar
from taut.weights import LARGEST_KHAT, RowFunction, map_rows, pareto_khat

# The branch of the key of pilots that looks for modes.
MODES = 2**20
# Rows that are looked at for other modes before all are, and rows that climb at once.
SCOUTED, AT_ONCE = 8, 4
# Modes of a mixture at most; of many latents fewer, since each holds two matrices.
MOST_MODES, FEWEST_MODES, NUMBERS = 64, 16, 512
# Distance in standard deviations of the refined Gaussian beyond which a component is another mode, and the share of the
# posterior there, a mean over rows, from which walks start at all modes.
BEYOND, ENOUGH = 3.0, 0.005
# Rounds in which shares are fitted, and draws for each component; what every component keeps, and the refined Gaussian,
# as it is and three times as wide.
ROUNDS, DRAWS, KEPT, WIDE = 3, 16, 0.1, 3.0
# By how much a measured power may be off.
ROUNDING = 0.1


class Origin(NamedTuple):
    """The frame of a path, and the base in its coordinates: both of one row, or of rows."""

    frame: AffineMap
    base: Base = StandardNormal()

    def path(self, model: AbstractModel, x: DatumLike) -> Path:
        """The path of this row."""
        return Path(model, x, self.frame, self.base)


class Coverage(NamedTuple):
    """What is known of the q₀ of a row before any walk.

    `modes` is the number of components, those with small shares counted for less: exp of their entropy. `khat` is the
    tail index of the weights of q₀'s draws. `beyond` is the share of the posterior beyond the refined Gaussian, `heavy`
    says whether tails fall like a power, and `uncovered` whether they do so more slowly than those of q₀.
    """

    modes: Float[Array, "*n"] | np.ndarray
    khat: Float[Array, "*n"] | np.ndarray
    beyond: Float[Array, "*n"] | np.ndarray
    heavy: Bool[Array, "*n"] | np.ndarray
    uncovered: Bool[Array, "*n"] | np.ndarray


class Found(NamedTuple):
    """A mixture at all modes of one row, and what it covers."""

    base: Mixture
    coverage: Coverage


class FoundOfRow(RowFunction):
    """`Found` of one datum, from its refined Gaussian, passed by `aside`; with `few` from fewer starts."""

    few: bool = eqx.field(static=True, default=False)

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Found:
        """Climb from everywhere, put a Gaussian on each mode and tails about all, and fit the shares."""
        start_key, share_key, tail_key = jr.split(key, 3)
        latents = aside.mean.shape[0]
        count = FEWEST_MODES if self.few else max(FEWEST_MODES, min(MOST_MODES, NUMBERS // latents))
        modes = distinct_modes(model, x, many_starts(model, guide, x, aside, start_key, few=self.few), count)
        path = Path(model, x, aside)
        falls = steepness(path, tail_key)
        parts = _parts(path, modes, _tails(falls, latents))
        base, weighed = _fitted(path, parts, share_key)
        apart = jnp.linalg.norm(parts.centres, axis=1) > BEYOND
        gaussians = len(parts.centres)
        beyond = jnp.minimum(*(jnp.sum(shares[:gaussians] * apart) for shares in (parts.by_mass, weighed.shares)))
        shares = jnp.exp(base.log_shares)
        number = jnp.exp(-jnp.sum(jnp.where(shares > 0, shares * base.log_shares, 0.0)))
        return Found(base, Coverage(number, weighed.khat, beyond, falls.heavy, _uncovered(base, falls)))


class Parts(NamedTuple):
    """Components of a mixture: which of them are sound, and their shares by Laplace's method."""

    centres: Float[Array, "parts latents"]
    roots: Float[Array, "parts latents latents"]
    tails: Tails
    sound: Bool[Array, "all"]
    by_mass: Float[Array, "all"]


class Weighed(NamedTuple):
    """Shares as importance weights have them, and the tail index of these weights."""

    shares: Float[Array, "all"]
    khat: Scalar


def _parts(path: Path, modes: DistinctModes, tails: Tails) -> Parts:
    """The refined Gaussian, the same but wide, a Gaussian at each mode, tails."""
    latents, kind = path.frame.mean.shape[0], path.frame.mean.dtype
    centres, roots = jax.vmap(lambda one: _in_coordinates(path.frame, one))(modes.frames)
    eye = jnp.eye(latents, dtype=kind)
    centres = jnp.concatenate([jnp.zeros((2, latents), kind), centres])
    roots = jnp.concatenate([eye[None], WIDE * eye[None], roots])
    there = jnp.isfinite(modes.log_masses) & jnp.all(jnp.isfinite(centres[2:]), axis=1)
    there = there & jnp.all(jnp.isfinite(roots[2:]), axis=(1, 2))
    # The refined Gaussian stands on a mode that the climbs find, too: its mass counts once.
    twice = jnp.any(there & (jnp.linalg.norm(centres[2:], axis=1) < 1.0))
    of_refined = jnp.where(twice, -jnp.inf, path.log_joint(jnp.zeros_like(path.frame.mean)))
    nothing = jnp.full(1 + tails.count, -jnp.inf, kind)
    masses = jnp.concatenate([of_refined[None], nothing[:1], modes.log_masses, nothing[1:]])
    sound = jnp.concatenate([jnp.ones(2, bool), there, jnp.ones(tails.count, bool)])
    placed = sound[: len(centres)]
    centres = jnp.where(placed[:, None], centres, 0.0)
    roots = jnp.where(placed[:, None, None], roots, eye[None])
    return Parts(centres, roots, tails, sound, jax.nn.softmax(jnp.where(sound, masses, -jnp.inf)))


def _tails(falls: Steepness, latents: int) -> Tails:
    """As heavy as the posterior's, or a little heavier, so that the ratio of the two is bounded."""

    def whole_number(freedom: Float[Array, "..."]) -> Float[Array, "..."]:
        return jnp.clip(jnp.floor(freedom + ROUNDING), 1.0, float(MOST_FREEDOM))

    slowest = jnp.minimum(jnp.min(falls.random), jnp.min(falls.axes))
    return Tails(whole_number(slowest - latents), whole_number(falls.axes - 1.0))


def _uncovered(base: Mixture, falls: Steepness) -> Bool[Array, ""]:
    """Whether log p falls more slowly than log q₀ in a direction that was looked at."""
    eye = jnp.eye(falls.axes.shape[0], dtype=falls.axes.dtype)
    random = jax.vmap(lambda direction: falls_along(base.log_density, direction))(falls.directions)
    axes = jax.vmap(lambda direction: falls_along(base.log_density, direction))(eye)
    return jnp.any(falls.random < random - ROUNDING) | jnp.any(falls.axes < axes - ROUNDING)


def _in_coordinates(
    frame: AffineMap, other: AffineMap
) -> tuple[Float[Array, "latents"], Float[Array, "latents latents"]]:
    return frame.coordinates(other.mean), solve_triangular(frame.root, other.root, lower=True)


def _kept(shares: Float[Array, "all"], sound: Bool[Array, "all"]) -> Float[Array, "all"]:
    """Logarithms of the shares, of which every component that is there keeps some."""
    return jnp.log((1.0 - KEPT) * shares + KEPT * sound / jnp.sum(sound))


def _fitted(path: Path, parts: Parts, key: RandomKey) -> tuple[Mixture, Weighed]:
    """The mixture; its shares are half by mass, half by expectation and maximisation on importance-weighted draws.

    References: Cappé et al. 2008, arXiv:0710.4242, §3.
    """
    base = Mixture.of(parts.centres, parts.roots, _kept(parts.by_mass, parts.sound), parts.tails)
    count = DRAWS * base.log_shares.shape[0]

    def mixed(shares: Float[Array, "all"]) -> Mixture:
        return base.with_shares(_kept(0.5 * (parts.by_mass + shares), parts.sound))

    def better(last: Weighed, key: RandomKey) -> tuple[Weighed, None]:
        mixture = mixed(last.shares)
        u = mixture.draws(path.frame.mean, count, key=key)
        each = jax.vmap(mixture.log_parts)(u)
        log_q = jax.nn.logsumexp(each, axis=1)
        log_w = jax.lax.map(path.log_joint, u, batch_size=64) - log_q
        log_w = jnp.where(jnp.isnan(log_w), -jnp.inf, log_w)
        shares = jax.nn.softmax(log_w) @ jnp.exp(each - log_q[:, None])
        return Weighed(jnp.where(jnp.all(jnp.isfinite(shares)), shares, last.shares), pareto_khat(log_w)), None

    start = Weighed(parts.by_mass, jnp.zeros((), parts.by_mass.dtype))
    weighed, _ = jax.lax.scan(better, start, jr.split(key, ROUNDS))
    return mixed(weighed.shares), weighed


@dataclasses.dataclass
class Origins:
    """The origins of an audit's rows: some are looked at for more modes, and all only where these have some."""

    several: bool | None = None

    def of(
        self,
        model: AbstractModel,
        guide: AbstractGuide,
        data: DataLike,
        frames: AffineMap,
        *,
        key: RandomKey,
        rows: Int[np.ndarray, "n"],
        khat: Float[np.ndarray, "n"] | None = None,
    ) -> tuple[Origin, Coverage]:
        """The origin of each of these rows, from its refined Gaussian of tail index `khat`, and what it covers."""
        key = jr.fold_in(key, MODES)

        def found(which: slice, few: bool) -> Found:
            own = guide if guide.amortised else take(guide, which)
            return map_rows(
                FoundOfRow(few), model, own, take(data, which), key=key, rows=rows[which], block=AT_ONCE,
                aside=take(frames, which),
            )  # fmt: skip

        if self.several is None:
            some = found(slice(SCOUTED), few=True).coverage
            thin = khat is not None and float(np.median(np.asarray(khat, np.float64))) > LARGEST_KHAT
            self.several = thin or bool(np.any(some.heavy)) or float(np.mean(some.beyond)) > ENOUGH
        if not self.several:
            one, no = np.ones(len(rows)), np.zeros(len(rows), bool)
            return Origin(frames), Coverage(one, one * np.nan if khat is None else khat, 0.0 * one, no, no)
        everything = found(slice(None), few=False)
        return Origin(frames, everything.base), everything.coverage
