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
from jaxtyping import Array, Float, Int

from taut.annealing import Base, Mixture, Path, StandardNormal
from taut.auditing.search import distinct_modes, many_starts
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap, take
from taut.shapes import DataLike, DatumLike, RandomKey
from taut.weights import RowFunction, map_rows

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


class Origin(NamedTuple):
    """The frame of a path, and the base in its coordinates: both of one row, or of rows."""

    frame: AffineMap
    base: Base = StandardNormal()

    def modes(self) -> Float[np.ndarray, "n"]:
        """How many Gaussians each row starts from, those with small shares counted for less: exp of their entropy."""
        if isinstance(self.base, StandardNormal):
            return np.ones(len(self.frame.mean))
        shares = np.exp(np.asarray(self.base.log_shares, np.float64))
        return np.exp(-np.sum(np.where(shares > 0, shares * np.log(np.maximum(shares, 1e-300)), 0.0), axis=1))

    def path(self, model: AbstractModel, x: DatumLike) -> Path:
        """The path of this row."""
        return Path(model, x, self.frame, self.base)


class Found(NamedTuple):
    """A mixture at all modes of one row, and the share of the posterior beyond the refined Gaussian."""

    base: Mixture
    beyond: Float[Array, "*n"]


class FoundOfRow(RowFunction):
    """`Found` of one datum, from its refined Gaussian, passed by `aside`; with `few` from fewer starts."""

    few: bool = eqx.field(static=True, default=False)

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Found:
        """Climb from everywhere, put a Gaussian on each mode, and fit the shares by importance weights."""
        start_key, share_key = jr.split(key)
        latents = aside.mean.shape[0]
        count = FEWEST_MODES if self.few else max(FEWEST_MODES, min(MOST_MODES, NUMBERS // latents))
        modes = distinct_modes(model, x, many_starts(model, guide, x, aside, start_key, few=self.few), count)
        path = Path(model, x, aside)
        centres, roots = jax.vmap(lambda one: _in_coordinates(aside, one))(modes.frames)
        eye, kind = jnp.eye(latents, dtype=centres.dtype), centres.dtype
        centres = jnp.concatenate([jnp.zeros((2, latents), kind), centres])
        roots = jnp.concatenate([eye[None], WIDE * eye[None], roots])
        of_refined = path.log_joint(jnp.zeros_like(aside.mean))
        masses = jnp.concatenate([jnp.stack([of_refined, jnp.asarray(-jnp.inf, kind)]), modes.log_masses])
        present = jnp.concatenate([jnp.ones(2, bool), jnp.isfinite(modes.log_masses)])
        sound = present & jnp.all(jnp.isfinite(centres), axis=1) & jnp.all(jnp.isfinite(roots), axis=(1, 2))
        centres, roots = jnp.where(sound[:, None], centres, 0.0), jnp.where(sound[:, None, None], roots, eye[None])
        by_mass = jax.nn.softmax(jnp.where(sound, masses, -jnp.inf))
        fitted = _fitted_shares(path, Mixture.of(centres, roots, _kept(by_mass, sound)), sound, share_key)
        apart = jnp.linalg.norm(centres, axis=1) > BEYOND
        beyond = jnp.minimum(jnp.sum(by_mass * apart), jnp.sum(fitted * apart))
        return Found(Mixture.of(centres, roots, _kept(0.5 * (by_mass + fitted), sound)), beyond)


def _in_coordinates(
    frame: AffineMap, other: AffineMap
) -> tuple[Float[Array, "latents"], Float[Array, "latents latents"]]:
    return frame.coordinates(other.mean), solve_triangular(frame.root, other.root, lower=True)


def _kept(shares: Float[Array, "parts"], sound: Float[Array, "parts"] | Any) -> Float[Array, "parts"]:
    """Logarithms of the shares, of which every component that is there keeps some."""
    return jnp.log((1.0 - KEPT) * shares + KEPT * sound / jnp.sum(sound))


def _fitted_shares(path: Path, base: Mixture, sound: Any, key: RandomKey) -> Float[Array, "parts"]:
    """The shares alone by expectation and maximisation, on importance-weighted draws.

    References: Cappé et al. 2008, arXiv:0710.4242, §3.
    """
    count = DRAWS * base.log_shares.shape[0]

    def better(shares: Float[Array, "parts"], key: RandomKey) -> tuple[Float[Array, "parts"], None]:
        mixture = Mixture(_kept(shares, sound), base.centres, base.roots, base.inverses)
        u = mixture.draws(path.frame.mean, count, key=key)
        parts = jax.vmap(mixture.log_parts)(u)
        log_q = jax.nn.logsumexp(parts, axis=1)
        log_w = jax.lax.map(path.log_joint, u, batch_size=64) - log_q
        weights = jax.nn.softmax(jnp.where(jnp.isnan(log_w), -jnp.inf, log_w))
        fitted = weights @ jnp.exp(parts - log_q[:, None])
        return jnp.where(jnp.all(jnp.isfinite(fitted)), fitted, shares), None

    return jax.lax.scan(better, jnp.exp(base.log_shares), jr.split(key, ROUNDS))[0]


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
    ) -> Origin:
        """The origin of each of these rows, from its refined Gaussian."""
        key = jr.fold_in(key, MODES)

        def found(which: slice, few: bool) -> Found:
            own = guide if guide.amortised else take(guide, which)
            return map_rows(
                FoundOfRow(few), model, own, take(data, which), key=key, rows=rows[which], block=AT_ONCE,
                aside=take(frames, which),
            )  # fmt: skip

        if self.several is None:
            self.several = float(np.mean(found(slice(SCOUTED), few=True).beyond)) > ENOUGH
        return Origin(frames, found(slice(None), few=False).base) if self.several else Origin(frames)
