"""One Metropolised step of Hamiltonian dynamics that leaves π_β as it is."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Int

from taut.annealing.target import Coordinates, Path, Position
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
        return beta * gradient - (1.0 - beta) * u

    def inner(_: Int[Array, ""] | int, carried: tuple[Coordinates, Coordinates]) -> tuple[Coordinates, Coordinates]:
        u, p = carried
        return u + step * (p := p + step * force(u, slope(u))), p

    p = momentum + 0.5 * step * force(start.u, start.gradient)
    u = start.u + step * p
    if leapfrogs > 1:
        u, p = jax.lax.fori_loop(0, leapfrogs - 1, inner, (u, p))
    end = path.at(u)
    return end, p + 0.5 * step * force(end.u, end.gradient)
