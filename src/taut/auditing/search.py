"""Where other modes may be: climbs from many starts, and all that they find as one importance proposal.

A mixture of Gaussians at the modes is fixed before it is drawn from, so that the mean of its weights estimates p(x)
without bias, and its logarithm lies below log p(x) in expectation however many modes were looked at.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float

from taut.auditing.refinement import own_frame
from taut.fitting import modes_from, root_of_inverse
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import Frame, log_mean_exp, log_standard_normal, one_draw
from taut.shapes import Datum, RandomKey, Scalar
from taut.weights import RowFunction

# Climbs of each kind for each row, and what they may take.
FLIPS, SWAPS, FAR, OWN, STEPS = 12, 12, 18, 6, 10
# Modes that make the mixture, and draws from each.
MODES, DRAWS = 32, 32
# Squared distance in standard deviations within which two climbs ended on the same mode.
SAME = 1.0
# Directions, and distances in standard deviations, at which tails are looked at. A Student-t with fifty degrees of
# freedom is near enough to a Gaussian.
RAYS, DISTANCES, LEAST_STEEP = 16, (500.0, 1000.0), 60.0


class Sought(NamedTuple):
    """The importance-weighted value under the mixture, and whether the posterior has tails like a power."""

    log_p: Float[np.ndarray, "n"]
    heavy: Bool[np.ndarray, "n"]


class ModesOfRow(RowFunction):
    """`Sought` of one datum, from the refined Gaussian that stands beside it."""

    def __call__(
        self, model: AbstractModel, guide: AbstractGuide, x: Datum, *, key: RandomKey, aside: Any = None
    ) -> Sought:
        """Climb, choose distinct modes, then draw with other keys."""
        start_key, draw_key, tail_key = jr.split(key, 3)
        starts = _starts(model, guide, x, aside, start_key)
        modes, masses = modes_from(model, x, starts, steps=STEPS)
        frames = jax.vmap(lambda mode: Frame(mode.mean, root_of_inverse(mode.precision)))(modes)
        chosen = _distinct(frames, jnp.where(jnp.isfinite(masses), masses, -jnp.inf))
        # The refined Gaussian as it is and three times as wide: what modes' curvatures understate is covered too.
        kept = jax.tree.map(lambda own, all_: jnp.concatenate([own[None], all_[chosen]]), aside, frames)
        wide = jax.tree.map(lambda one, three: jnp.concatenate([one, three[None]]), kept, aside.stretched(3.0))
        log_w = _log_weights(model, x, wide, draw_key)
        return Sought(log_mean_exp(log_w), _heavy_tailed(model, x, aside, tail_key))


def _starts(
    model: AbstractModel, guide: AbstractGuide, x: Datum, frame: Frame, key: RandomKey
) -> Float[Array, "starts latents"]:
    """Mirrored and permuted, near and far, from the prior and from the guide."""
    flip_key, swap_key, far_key, own_key, prior_key = jr.split(key, 5)
    mean = frame.mean
    latents, kind = mean.shape[0], mean.dtype
    axes = jnp.arange(FLIPS) % latents
    signs = jnp.where(jr.bernoulli(flip_key, 0.5, (FLIPS, latents)), 1.0, -1.0).astype(kind)
    one = 1.0 - 2.0 * jax.nn.one_hot(axes, latents, dtype=kind)
    flipped = mean * jnp.concatenate([-jnp.ones((1, latents), kind), one, signs])
    shifted = jnp.stack([jnp.roll(mean, by) for by in range(1, min(latents, SWAPS))] or [mean])
    swapped = jax.vmap(lambda k: jr.permutation(k, mean))(jr.split(swap_key, SWAPS))
    # Distances of one to a hundred deviations, each way about the mean, and about zero in the latents' own units.
    far = jr.normal(far_key, (2, FAR, latents), kind) * jnp.geomspace(1.0, 64.0, FAR, dtype=kind)[:, None]
    about = jax.vmap(frame.place)(far[0])
    own = jax.vmap(lambda k: one_draw(guide(x), key=k))(jr.split(own_key, OWN))
    parts = [mean[None], flipped, shifted, swapped, mean[::-1][None], about, 0.5 * far[1], own]
    if own_frame(model.prior()) is not None:
        parts.append(model.prior().sample(prior_key, (OWN,)))
    return jnp.concatenate([part.astype(kind) for part in parts])


def _distinct(frames: Frame, masses: Float[Array, "starts"]) -> Float[Array, "modes"]:
    """The places of the modes with most mass, none of them twice while there are others; then the first again."""
    first = jnp.argmax(masses)

    def one(left: Float[Array, "starts"], _: Any) -> tuple[Float[Array, "starts"], Array]:
        best = jnp.where(jnp.all(jnp.isneginf(left)), first, jnp.argmax(left))
        frame = jax.tree.map(lambda leaf: leaf[best], frames)
        apart = jax.vmap(lambda mean: jnp.sum(frame.coordinates(mean) ** 2))(frames.mean)
        return jnp.where(apart < SAME, -jnp.inf, left), best

    return jax.lax.scan(one, masses, None, length=MODES)[1]


def _log_weights(model: AbstractModel, x: Datum, frames: Frame, key: RandomKey) -> Float[Array, "draws"]:
    """As many draws from each Gaussian, each weighed against the mixture of all: unbiased whatever they are."""
    count, latents = frames.mean.shape
    u = jr.normal(key, (count, DRAWS, latents), frames.mean.dtype)
    z = jax.vmap(lambda frame, u: jax.vmap(frame.place)(u))(frames, u).reshape(count * DRAWS, latents)

    def log_weight(z: Float[Array, "latents"]) -> Scalar:
        log_q = jax.vmap(lambda frame: log_standard_normal(frame.coordinates(z)) - frame.log_volume())(frames)
        return model.log_joint(x, z) - log_mean_exp(log_q)

    log_w = jax.lax.map(log_weight, z, batch_size=64)
    return jnp.where(jnp.isnan(log_w), -jnp.inf, log_w)


def _heavy_tailed(model: AbstractModel, x: Datum, frame: Frame, key: RandomKey) -> Bool[Array, ""]:
    """Whether log p(x, z) falls like a power of the distance r.

    r d/dr log p is −r² for Gaussian tails and −r for exponential ones. With a power it stays the same, however far out:
    −(ν + d) for a Student-t.
    """
    directions = jr.normal(key, (RAYS, *frame.mean.shape), frame.mean.dtype)

    def steepness(direction: Float[Array, "latents"]) -> Scalar:
        near, far = (model.log_joint(x, frame.place(distance * direction)) for distance in DISTANCES)
        return (near - far) / jnp.log(DISTANCES[1] / DISTANCES[0])

    return jnp.any(jax.vmap(steepness)(directions) < LEAST_STEEP)
