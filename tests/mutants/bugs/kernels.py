"""Bugs of one Hamiltonian step."""

import jax
import jax.numpy as jnp
import jax.random as jr

from taut.annealing import walks
from tests.mutants.oracles import walking
from tests.mutants.planting import Mutant


def step_with(*, end_momentum_twice=False, always=False, enters_what_is_no_number=False):
    """`taut.annealing.walks.hmc_step`, in which one thing can be wrong."""

    def step_once(path, position, beta, step, *, leapfrogs, key):
        momentum_key, jitter_key, accept_key = jr.split(key, 3)
        momentum = jr.normal(momentum_key, position.u.shape, position.u.dtype)
        step = step * jr.uniform(jitter_key, (), position.u.dtype, 1.0 - walks.JITTER, 1.0 + walks.JITTER)
        proposal, end = walks._leapfrog(path, position, momentum, beta, step, leapfrogs)
        gain = path.log_density(proposal, beta) - path.log_density(position, beta)
        if not end_momentum_twice:
            gain = gain + 0.5 * (jnp.sum(momentum**2) - jnp.sum(end**2))
        probability = jnp.exp(jnp.minimum(gain, 0.0))
        probability = jnp.where(jnp.isnan(gain), 1.0 if enters_what_is_no_number else 0.0, probability)
        accepted = always | (jr.uniform(accept_key, (), position.u.dtype) < probability)
        return jax.tree.map(lambda new, old: jnp.where(accepted, new, old), proposal, position), probability

    return step_once


def leapfrog_against_the_prior(path, start, momentum, beta, step, leapfrogs):
    """The force β∇ + (1 − β)u: reversible still, so that the refusals make up for it, and hardly anything moves."""
    u, p, gradient = start.u, momentum, start.gradient
    for _ in range(leapfrogs):
        p = p + 0.5 * step * (beta * gradient + (1.0 - beta) * u)
        u = u + step * p
        gradient = jax.grad(path.log_joint)(u)
        p = p + 0.5 * step * (beta * gradient + (1.0 - beta) * u)
    return path.at(u), p


STEP, LEAPFROG = (walks, "hmc_step"), (walks, "_leapfrog")
FAULTLESS = {STEP: step_with()}
TARGET = walking.kernel_leaves_its_target_alone

MUTANTS = {
    "momentum at the end for momentum at the start": Mutant(
        "benchmark_VAE 6419e21", {STEP: step_with(end_momentum_twice=True)}, (TARGET, walking.walks_are_unbiased)
    ),
    "every proposal accepted": Mutant("own", {STEP: step_with(always=True)}, (TARGET, walking.walks_are_unbiased)),
    "a density that is no number entered": Mutant(
        "common", {STEP: step_with(enters_what_is_no_number=True)}, (walking.kernel_refuses_what_is_no_number,)
    ),
    "sign of 1 − β wrong in the force": Mutant(
        "own", {LEAPFROG: leapfrog_against_the_prior}, (walking.energy_error_falls_with_the_cube_of_the_step,)
    ),
}
