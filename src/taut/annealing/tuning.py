"""A first walk on keys of its own: step sizes, the shape of the path, and where the posterior is."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int

from taut.annealing.path import Path, Position
from taut.annealing.walks import moved_on
from taut.shapes import RandomKey, Scalar

# Acceptance that a few leapfrogs in whitened coordinates do best with, and how fast the step follows it.
TARGET, GAIN = 0.75, 0.7
LARGEST_STEP = 1.5
# Nats.
FAR_BELOW = 10.0


class Pilot(NamedTuple):
    """What a pilot found for one row; it is frozen before anything is measured.

    `step_sizes` and `variance` = Var_β(ℓ) belong to the pilot's own temperatures. The mean of the latter over β is
    J = KL(q₀‖p) + KL(p‖q₀), or a little more since states lag behind their temperature: J/T is the two-sided gap of T
    equal temperatures and one perfectly mixing chain. `starts` are approximate posterior draws, in coordinates, with
    the R̂ of log p(x, z) over the chains that made them.
    """

    step_sizes: Float[Array, "*n temperatures"]
    variance: Float[Array, "*n temperatures"]
    starts: Float[Array, "*n settled latents"]
    rhat: Float[Array, "*n"]


class _Climb(NamedTuple):
    positions: Position
    log_weights: Float[Array, "chains"]
    log_step: Scalar


def pilot(
    path: Path,
    betas: Float[Array, "temperatures"],
    *,
    chains: int,
    settled: int | None = None,
    leapfrogs: int,
    settling: int,
    key: RandomKey,
) -> Pilot:
    """Climb from q₀ to the posterior, adapting the step at every temperature; resample; then settle at β = 1.

    Of the end states of the climb `settled` are drawn by their weights (by default as many as there are chains) and
    moved on by `settling` steps of frozen size, so that reverse walks have somewhere to start on real data. It wants at
    least two chains and four settling steps.
    """
    climb_key, resample_key, settle_key = jr.split(key, 3)
    climbed, log_steps, variances = _climb(path, betas, chains=chains, leapfrogs=leapfrogs, key=climb_key)
    chosen = resampled(climbed.log_weights, settled or chains, key=resample_key)
    starts = jax.tree.map(lambda leaf: leaf[chosen], climbed.positions)
    last = jnp.exp(jnp.mean(log_steps[-4:]))
    starts, rhat = _settle(path, starts, last, leapfrogs=leapfrogs, count=settling, key=settle_key)
    return Pilot(jnp.exp(log_steps), variances, starts, rhat)


def _climb(
    path: Path, betas: Float[Array, "temperatures"], *, chains: int, leapfrogs: int, key: RandomKey
) -> tuple[_Climb, Float[Array, "temperatures"], Float[Array, "temperatures"]]:
    shape, dtype = (chains, *path.frame.mean.shape), path.frame.mean.dtype
    positions = jax.vmap(path.at)(path.base.draws(path.frame.mean, chains, key=jr.fold_in(key, 0)))
    first_step = jnp.log(jnp.asarray(shape[1] ** -0.25, dtype))

    def one(state: _Climb, now: tuple[Int[Array, ""], Scalar, Scalar]) -> tuple[_Climb, tuple[Scalar, Scalar]]:
        t, beta, increment = now
        ratios = jax.vmap(path.log_ratio)(state.positions)
        keys = jr.split(jr.fold_in(key, t + 1), chains)
        step = jnp.exp(state.log_step)
        moved, accepted = jax.vmap(lambda p, k: moved_on(path, p, beta, step, leapfrogs=leapfrogs, key=k))(
            state.positions, keys
        )
        log_step = jnp.minimum(state.log_step + GAIN * (jnp.mean(accepted) - TARGET), math.log(LARGEST_STEP))
        state = _Climb(moved, state.log_weights + increment * ratios, log_step.astype(dtype))
        # Before the step the states belong to the last temperature, after it to this one: the mean of both is the
        # trapezoidal rule for ∫ Var dβ.
        after = jax.vmap(path.log_ratio)(moved)
        return state, (jnp.log(step), 0.5 * (_variance(path, ratios) + _variance(path, after)))

    start = _Climb(positions, jnp.zeros(chains, dtype), first_step)
    increments = jnp.diff(betas, prepend=jnp.zeros(1, dtype))
    climbed, (log_steps, variances) = jax.lax.scan(one, start, (jnp.arange(len(betas)), betas, increments))
    return climbed, log_steps, variances


def _variance(path: Path, ratios: Float[Array, "chains"]) -> Scalar:
    """Var ℓ over the chains, of which those far below count as nearer where a jump brings them back at once."""
    if path.base.jumps:
        ratios = jnp.maximum(ratios, jnp.median(ratios) - FAR_BELOW)
    return jnp.var(ratios, ddof=1)


def _settle(
    path: Path, positions: Position, step: Scalar, *, leapfrogs: int, count: int, key: RandomKey
) -> tuple[Float[Array, "chains latents"], Scalar]:
    chains = positions.u.shape[0]
    one_beta = jnp.ones((), positions.u.dtype)

    def one(positions: Position, t: Int[Array, ""]) -> tuple[Position, Float[Array, "chains"]]:
        keys = jr.split(jr.fold_in(key, t), chains)
        moved, _ = jax.vmap(lambda p, k: moved_on(path, p, one_beta, step, leapfrogs=leapfrogs, key=k))(positions, keys)
        return moved, moved.log_joint

    positions, trace = jax.lax.scan(one, positions, jnp.arange(count))
    return positions.u, split_rhat(trace)


def resampled(log_weights: Float[Array, "chains"], count: int, *, key: RandomKey) -> Int[Array, "count"]:
    """Places of `count` chains, drawn by their weights: a broken chain has none, and if all are broken any will do."""
    usable = jnp.where(jnp.isnan(log_weights), -jnp.inf, log_weights)
    usable = jnp.where(jnp.all(jnp.isneginf(usable)), 0.0, usable)
    return jr.categorical(key, usable, shape=(count,))


def split_rhat(trace: Float[Array, "steps chains"]) -> Scalar:
    """R̂ over the halves of the chains: √((within + between)/within) (Vehtari et al. 2021, eqs 1–4, without ranks).

    >>> import jax.numpy as jnp
    >>> bool(split_rhat(jnp.array([[0.0, 5.0], [1.0, 6.0], [0.0, 5.0], [1.0, 6.0]])) > 3)
    True
    """
    half = trace.shape[0] // 2
    halves = jnp.concatenate([trace[:half], trace[half : 2 * half]], axis=1)
    within = jnp.mean(jnp.var(halves, axis=0, ddof=1))
    between = jnp.var(jnp.mean(halves, axis=0), ddof=1)
    tiny = jnp.finfo(trace.dtype).tiny
    return jnp.sqrt((half - 1) / half + between / jnp.maximum(within, tiny))
