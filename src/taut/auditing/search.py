"""Where other modes may be: climbs from many starts, and all that they find as one importance proposal.

A mixture of Gaussians at the modes is fixed before it is drawn from, so that the mean of its weights estimates p(x)
without bias, and its logarithm lies below log p(x) in expectation however many modes were looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int

from taut.annealing import Path
from taut.fitting import modes_from
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap, log_mean_exp, log_standard_normal, one_draw
from taut.shapes import DatumLike, RandomKey, Scalar
from taut.weights import RowFunction

# Climbs of each kind for each row; those from far away are more where a step, which costs by the latent, is cheap.
FLIPS, SWAPS, OWN = 12, 12, 6
FAR, FEWEST_FAR, STEPS_IN_ALL = 240, 24, 1500
# Newton steps of each climb, and of those that go on from modes found for other rows.
STEPS, MORE_STEPS = 4, 6
# Modes that make the mixture, of which so many are tried for other rows as well; draws from each.
MODES, SHARED, DRAWS = 32, 4, 32
# Squared distance in standard deviations within which two climbs ended on the same mode.
SAME = 1.0
# Directions, and distances in standard deviations, at which tails are evaluated. A Student-t with fifty degrees of
# freedom is near enough to a Gaussian.
RAYS, DISTANCES, LEAST_STEEP = 16, (500.0, 1000.0), 60.0


class Climbed(NamedTuple):
    """Distinct ends of one row's climbs, those with most mass first; whether its posterior has tails like a power."""

    means: Float[Array, "*n modes latents"]
    heavy: Bool[Array, "*n"]


class ClimbsOfRow(RowFunction):
    """`Climbed` of one datum, from its refined Gaussian, passed by `aside`."""

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Climbed:
        """Climb from everywhere."""
        start_key, tail_key = jr.split(key)
        frames = _climbed(model, x, many_starts(model, guide, x, aside, start_key), STEPS)
        return Climbed(frames.mean, steepness(Path(model, x, aside), tail_key).heavy)


class MixtureOfRow(RowFunction):
    """The importance-weighted value of one datum under Gaussians at its modes, found from the starts in `aside`."""

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey, aside: Any = None
    ) -> Scalar:
        """Climb on, then draw."""
        own, starts = aside
        frames = _climbed(model, x, starts, MORE_STEPS)
        # The refined Gaussian as it is and three times as wide: what modes' curvatures understate is covered too.
        both = jax.tree.map(lambda one, three: jnp.stack([one, three]), own, own.stretched(3.0))
        mixture = jax.tree.map(lambda two, all_: jnp.concatenate([two, all_]), both, frames)
        return log_mean_exp(_log_weights(model, x, mixture, key))


def _climbed(model: AbstractModel, x: DatumLike, starts: Float[Array, "starts latents"], steps: int) -> AffineMap:
    """Gaussians at distinct modes."""
    frames, _, masses = modes_from(model, x, starts, steps=steps)
    chosen, _ = _apart(frames, _sound(masses), MODES)
    return jax.tree.map(lambda leaf: leaf[chosen], frames)


class DistinctModes(NamedTuple):
    """Gaussians at modes, those with most mass first, and the logarithms of their masses: −∞ for one that is none."""

    frames: AffineMap
    log_masses: Float[Array, "modes"]


def distinct_modes(
    model: AbstractModel, x: DatumLike, starts: Float[Array, "starts latents"], count: int
) -> DistinctModes:
    """Climb from all starts, then further from the best of their ends that differ; the modes where these end."""
    first, _, masses = modes_from(model, x, starts, steps=STEPS)
    places, _ = _apart(first, _sound(masses), count)
    frames, _, masses = modes_from(model, x, first.mean[places], steps=MORE_STEPS)
    places, log_masses = _apart(frames, _sound(masses), count)
    return DistinctModes(jax.tree.map(lambda leaf: leaf[places], frames), log_masses)


def many_starts(
    model: AbstractModel, guide: AbstractGuide, x: DatumLike, frame: AffineMap, key: RandomKey, *, few: bool = False
) -> Float[Array, "starts latents"]:
    """Mirrored and permuted, near and far, from the prior and from the guide."""
    flip_key, swap_key, far_key, own_key, prior_key = jr.split(key, 5)
    mean = frame.mean
    latents, kind = mean.shape[0], mean.dtype
    axes = jnp.arange(FLIPS) % latents
    signs = jnp.where(jr.bernoulli(flip_key, 0.5, (FLIPS, latents)), 1.0, -1.0).astype(kind)
    one = 1.0 - 2.0 * jax.nn.one_hot(axes, latents, dtype=kind)
    flipped = mean[None] * jnp.concatenate([-jnp.ones((1, latents), kind), one, signs])
    shifted = jnp.stack([jnp.roll(mean, by) for by in range(1, min(latents, SWAPS))] or [mean])
    swapped = jax.vmap(lambda k: jr.permutation(k, mean))(jr.split(swap_key, SWAPS))
    # Distances of one to some ten deviations, each way about the mean, and about zero in the latents' own units.
    count = FEWEST_FAR if few else max(FEWEST_FAR, min(FAR, STEPS_IN_ALL // latents))
    far = jr.normal(far_key, (2, count, latents), kind) * jnp.geomspace(1.0, 32.0, count, dtype=kind)[None, :, None]
    about = jax.vmap(frame.place)(far[0])
    own = jax.vmap(lambda k: one_draw(guide(x), key=k))(jr.split(own_key, OWN))
    parts = [mean[None], flipped, shifted, swapped, mean[::-1][None], about, 0.5 * far[1], own]
    if model.has_prior:
        parts.append(jax.vmap(lambda k: one_draw(model.prior(), key=k))(jr.split(prior_key, OWN)))
    return jnp.concatenate([part.astype(kind) for part in parts])


def _sound(masses: Float[Array, "starts"]) -> Float[Array, "starts"]:
    return jnp.where(jnp.isfinite(masses), masses, -jnp.inf)


def _apart(
    frames: AffineMap, masses: Float[Array, "starts"], count: int
) -> tuple[Int[Array, "modes"], Float[Array, "modes"]]:
    """Places of the modes with most mass, and their masses; none comes twice, but for the first, then with mass −∞."""
    first = jnp.argmax(masses)

    def one(left: Float[Array, "starts"], _: Any) -> tuple[Float[Array, "starts"], tuple[Int[Array, ""], Scalar]]:
        best = jnp.where(jnp.all(jnp.isneginf(left)), first, jnp.argmax(left))
        frame = jax.tree.map(lambda leaf: leaf[best], frames)
        apart = jax.vmap(lambda mean: jnp.sum(frame.coordinates(mean) ** 2))(frames.mean)
        return jnp.where(apart < SAME, -jnp.inf, left), (best, left[best])

    return jax.lax.scan(one, masses, None, length=count)[1]


def _log_weights(model: AbstractModel, x: DatumLike, frames: AffineMap, key: RandomKey) -> Float[Array, "draws"]:
    """As many draws from each Gaussian, each weighed against the mixture of all: unbiased whatever they are."""
    count, latents = frames.mean.shape
    u = jr.normal(key, (count, DRAWS, latents), frames.mean.dtype)
    z = jax.vmap(lambda frame, u: jax.vmap(frame.place)(u))(frames, u).reshape(count * DRAWS, latents)

    def log_weight(z: Float[Array, "latents"]) -> Scalar:
        log_q = jax.vmap(lambda frame: log_standard_normal(frame.coordinates(z)) - frame.log_volume())(frames)
        return model.log_joint(x, z) - log_mean_exp(log_q)

    log_w = jax.lax.map(log_weight, z, batch_size=64)
    return jnp.where(jnp.isnan(log_w), -jnp.inf, log_w)


class Steepness(NamedTuple):
    """How fast log p(x, z) falls far out: −d log p / d log r, along random directions and both ways along each axis.

    It is r² for Gaussian tails and r for exponential ones. With a power it stays the same, however far out: ν + d for a
    multivariate Student-t, and ν + 1 along the axes for one of independent entries.
    """

    random: Float[Array, "rays"]
    axes: Float[Array, "latents"]
    directions: Float[Array, "rays latents"]

    @property
    def heavy(self) -> Bool[Array, ""]:
        """Whether it falls like a power anywhere that was looked at."""
        return jnp.any(self.random < LEAST_STEEP) | jnp.any(self.axes < LEAST_STEEP)


def steepness(path: Path, key: RandomKey) -> Steepness:
    """Of log p(x, z) in the coordinates of a path."""
    latents = path.frame.mean.shape[0]
    directions = jr.normal(key, (RAYS, latents), path.frame.mean.dtype)
    directions = directions / jnp.linalg.norm(directions, axis=1, keepdims=True)
    eye = jnp.eye(latents, dtype=directions.dtype)
    along = jax.vmap(lambda direction: falls_along(path.log_joint, direction))
    ahead, back = along(eye), along(-eye)
    return Steepness(along(directions), jnp.minimum(ahead, back), directions)


def falls_along(log_density: Callable[[Float[Array, "latents"]], Scalar], direction: Float[Array, "latents"]) -> Scalar:
    """−d log p / d log r between two distances far out; of what is no number there, as of what falls at once."""
    near, far = (log_density(distance * direction) for distance in DISTANCES)
    fall = (near - far) / jnp.log(DISTANCES[1] / DISTANCES[0])
    return jnp.where(jnp.isnan(fall), jnp.inf, fall)
