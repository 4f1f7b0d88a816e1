"""Forward and reverse walks along a path, and the log-weights that they gather.

    forward:  u_0 ~ q₀;       for t = 1 … T:  log w += (β_t − β_{t−1}) ℓ(u_{t−1});  u_t ~ T_{β_t}(·|u_{t−1})
    reverse:  u_T ~ p(z|x);   for t = T … 1:  u_{t−1} ~ T_{β_t}(·|u_t);  log w += (β_t − β_{t−1}) ℓ(u_{t−1})

E w = p(x) for the forward walk and E 1/w = 1/p(x) for the reverse one, whatever the kernels' mixing: Neal 2001;
Grosse et al. 2015, arXiv:1511.02543.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, Key

from taut.annealing.path import Coordinates, Path, Position
from taut.shapes import RandomKey, Scalar

# A kernel with a random step size is a mixture of kernels: valid, and without the resonances of one fixed length.
JITTER = 0.2


def hmc_step(
    path: Path, position: Position, beta: Scalar, step: Scalar, *, leapfrogs: int, key: RandomKey
) -> tuple[Position, Scalar]:
    """The next point, and the probability with which the proposal was accepted.

    With one leapfrog this is the Metropolis-adjusted Langevin step. A proposal whose energy is not a number is refused,
    so that a chain stays where the density was finite. References: Neal 2011, MCMC using Hamiltonian dynamics.
    """
    momentum_key, jitter_key, accept_key = jr.split(key, 3)
    momentum = jr.normal(momentum_key, position.u.shape, position.u.dtype)
    step = step * jr.uniform(jitter_key, (), position.u.dtype, 1.0 - JITTER, 1.0 + JITTER)
    proposal, end_momentum = _leapfrog(path, position, momentum, beta, step, leapfrogs)
    gain = path.log_density(proposal, beta) - path.log_density(position, beta)
    gain = gain + 0.5 * (jnp.sum(momentum**2) - jnp.sum(end_momentum**2))
    probability = jnp.where(jnp.isnan(gain), 0.0, jnp.exp(jnp.minimum(gain, 0.0)))
    accepted = jr.uniform(accept_key, (), position.u.dtype) < probability
    return jax.tree.map(lambda new, old: jnp.where(accepted, new, old), proposal, position), probability


def _leapfrog(
    path: Path, start: Position, momentum: Coordinates, beta: Scalar, step: Scalar, leapfrogs: int
) -> tuple[Position, Coordinates]:
    """Half a kick, then drift and kick in turn; the last point's value comes with its gradient."""
    slope = jax.grad(path.log_joint)

    def force(u: Coordinates, gradient: Coordinates) -> Coordinates:
        return path.force(u, gradient, beta)

    def inner(_: Int[Array, ""] | int, carried: tuple[Coordinates, Coordinates]) -> tuple[Coordinates, Coordinates]:
        u, p = carried
        return u + step * (p := p + step * force(u, slope(u))), p

    p = momentum + 0.5 * step * force(start.u, start.gradient)
    u = start.u + step * p
    if leapfrogs > 1:
        u, p = jax.lax.fori_loop(0, leapfrogs - 1, inner, (u, p))
    end = path.at(u)
    return end, p + 0.5 * step * force(end.u, end.gradient)


def jump(path: Path, position: Position, beta: Scalar, *, key: RandomKey) -> Position:
    """A fresh draw of q₀, taken with probability min(1, exp β[ℓ(u′) − ℓ(u)]): the move from one mode to another.

    An independence Metropolis step, which leaves π_β ∝ q₀ exp(β ℓ) as it is. References: Tierney 1994, §2.3.3.
    """
    draw_key, accept_key = jr.split(key)
    proposal = path.at(path.fresh(draw_key))
    gain = beta * (path.log_ratio(proposal) - path.log_ratio(position))
    accepted = jnp.log(jr.uniform(accept_key, (), position.u.dtype)) < gain
    return jax.tree.map(lambda new, old: jnp.where(accepted, new, old), proposal, position)


def moved_on(
    path: Path, position: Position, beta: Scalar, step: Scalar, *, leapfrogs: int, key: RandomKey
) -> tuple[Position, Scalar]:
    """`hmc_step`, then a `jump` where walks start from a mixture."""
    move_key, jump_key = _keys_of_step(path, key)
    position, probability = hmc_step(path, position, beta, step, leapfrogs=leapfrogs, key=move_key)
    return (jump(path, position, beta, key=jump_key) if path.base.jumps else position), probability


def _keys_of_step(path: Path, key: RandomKey) -> tuple[RandomKey, RandomKey]:
    """For the step and the jump, which must share nothing; without jumps the key as it is."""
    if not path.base.jumps:
        return key, key
    move_key, jump_key = jr.split(key)
    return move_key, jump_key


class Schedule(NamedTuple):
    """Inverse temperatures β_1 … β_T, their steps β_t − β_{t−1}, and the step sizes there.

    Increments are differences of float64 numbers: they add up to one. All was fixed before the walk.
    """

    betas: Float[Array, "*n temperatures"]
    increments: Float[Array, "*n temperatures"]
    step_sizes: Float[Array, "*n temperatures"]


class Walk(NamedTuple):
    """A log-weight, where the walk ended, and the mean probability of acceptance."""

    log_weight: Scalar
    end: Coordinates
    acceptance: Scalar


def forward_walk(
    path: Path, schedule: Schedule, length: Int[Array, ""] | int, *, leapfrogs: int, key: RandomKey
) -> Walk:
    """From a draw of q₀ to the posterior: E exp(log_weight) = p(x)."""
    return _walk(
        path, schedule, length, path.at(path.fresh(jr.fold_in(key, 0))), leapfrogs=leapfrogs, key=key, backward=False
    )


def reverse_walk(
    path: Path, schedule: Schedule, length: Int[Array, ""] | int, start: Coordinates, *, leapfrogs: int, key: RandomKey
) -> Walk:
    """From a posterior draw, in coordinates, back to q₀: E exp(−log_weight) = 1/p(x) where the start is exact."""
    return _walk(path, schedule, length, path.at(start), leapfrogs=leapfrogs, key=key, backward=True)


def both_walks(
    path: Path,
    schedule: Schedule,
    length: Int[Array, ""] | int,
    starts: Float[Array, "chains latents"],
    *,
    leapfrogs: int,
    forward_keys: Key[Array, "chains"],
    reverse_keys: Key[Array, "chains"],
) -> tuple[Walk, Walk]:
    """`forward_walk` for each forward key, and `reverse_walk` from each start, in one loop.

    So each step is half as many matrix products, of twice the size.
    """
    chains = starts.shape[0]
    fresh = jax.vmap(lambda key: path.fresh(jr.fold_in(key, 0)))(forward_keys)

    def one(start: Coordinates, key: RandomKey, backward: Bool[Array, ""]) -> Walk:
        return _walk(path, schedule, length, path.at(start), leapfrogs=leapfrogs, key=key, backward=backward)

    walked = jax.vmap(one)(
        jnp.concatenate([fresh, starts]),
        jnp.concatenate([forward_keys, reverse_keys]),
        jnp.arange(2 * chains) >= chains,
    )
    return jax.tree.map(lambda leaf: leaf[:chains], walked), jax.tree.map(lambda leaf: leaf[chains:], walked)


def _walk(
    path: Path,
    schedule: Schedule,
    length: Int[Array, ""] | int,
    start: Position,
    *,
    leapfrogs: int,
    key: RandomKey,
    backward: Bool[Array, ""] | bool,
) -> Walk:
    # Terms are taken relative to ℓ at the centre: adding numbers near zero loses fewer digits.
    centre = path.log_ratio(path.at(jnp.zeros_like(start.u)))
    centre = jnp.where(jnp.isfinite(centre), centre, 0.0)

    def one(index: Int[Array, ""] | int, carried: tuple[Scalar, Position, Scalar]) -> tuple[Scalar, Position, Scalar]:
        log_w, position, accepted = carried
        t = jnp.where(backward, length - 1 - index, index)
        beta, increment = schedule.betas[t], schedule.increments[t]

        def gathered(position: Position) -> Scalar:
            return increment * (path.log_ratio(position) - centre)

        before = gathered(position)
        move_key, jump_key = _keys_of_step(path, jr.fold_in(key, t + 1))
        position, probability = hmc_step(
            path, position, beta, schedule.step_sizes[t], leapfrogs=leapfrogs, key=move_key
        )
        log_w = log_w + jnp.where(backward, gathered(position), before)
        if path.base.jumps:
            # A walk back takes the kernels of a temperature in the other order: the jump comes before the step, and so
            # after the step of the temperature above.
            below = jnp.where(t > 0, schedule.betas[t - 1], 0.0)
            position = jump(path, position, jnp.where(backward, below, beta), key=jump_key)
        return log_w, position, accepted + probability

    zero = jnp.zeros_like(centre)
    if path.base.jumps:
        # At β = 1 on the way back; on the way there a fresh draw of q₀ in place of another.
        start = jump(path, start, jnp.where(backward, zero + 1.0, zero), key=jr.fold_in(key, length + 1))
    log_w, end, accepted = jax.lax.fori_loop(0, length, one, (zero, start, zero))
    return Walk(log_w + centre, end.u, accepted / length)


class Trace(NamedTuple):
    """A forward walk as it passes: β, the log-weight gathered until there, and ℓ at the state."""

    beta: Float[Array, "marks"]
    log_weight: Float[Array, "marks"]
    log_ratio: Float[Array, "marks"]


def forward_trace(path: Path, schedule: Schedule, *, marks: int, leapfrogs: int, key: RandomKey) -> Trace:
    """A forward walk along the whole schedule, noted at `marks` equally spaced temperatures, the last one β = 1."""
    every = schedule.betas.shape[0] // marks
    start = path.at(path.fresh(jr.fold_in(key, 0)))

    def step(t: Int[Array, ""], carried: tuple[Scalar, Position]) -> tuple[Scalar, Position]:
        log_w, position = carried
        log_w = log_w + schedule.increments[t] * path.log_ratio(position)
        position, _ = moved_on(
            path, position, schedule.betas[t], schedule.step_sizes[t], leapfrogs=leapfrogs, key=jr.fold_in(key, t + 1)
        )
        return log_w, position

    def stretch(carried: tuple[Scalar, Position], mark: Int[Array, ""]) -> tuple[tuple[Scalar, Position], Trace]:
        carried = jax.lax.fori_loop(mark * every, (mark + 1) * every, step, carried)
        log_w, position = carried
        return carried, Trace(schedule.betas[(mark + 1) * every - 1], log_w, path.log_ratio(position))

    _, trace = jax.lax.scan(stretch, (jnp.zeros_like(start.log_joint), start), jnp.arange(marks))
    return trace
