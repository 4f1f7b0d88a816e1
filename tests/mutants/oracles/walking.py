"""Oracles of annealed walks: unbiased both ways, exact without noise, kernels that keep their target."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import annealing, auditing, models
from taut.annealing import walks
from taut.guides import Constant
from taut.numerics import AffineMap
from tests.annealing import instances, test_walks
from tests.laws.checks import mean_is, near
from tests.laws.instances import linear_gaussian
from tests.mutants.oracles.suite import of_suite

kernel_leaves_its_target_alone = of_suite(test_walks.test_the_kernel_leaves_its_target_alone)
increments_add_up_to_one = of_suite(test_walks.test_increments_add_up_to_one_whatever_the_pilot_saw)


def gentle() -> models.LinearGaussian:
    """A posterior so near the prior that weights between the two have light tails both ways."""
    model = linear_gaussian(5, 2)
    return models.LinearGaussian(0.35 * model.weight, model.offset, model.noise)


def evidence(model, data):
    return np.asarray(jax.jit(jax.vmap(model.log_evidence))(jnp.asarray(data)), np.float64)


def walks_are_unbiased() -> None:
    """E w = p(x) forward and E 1/w = 1/p(x) in reverse, on 20,000 rows of the model with their own latents."""
    model = gentle()
    data, latents = instances.simulated(model, 20_000)
    schedule = instances.even_schedule(8, 1.4)
    there, back = instances.walked(model, instances.wide_frame(2), data, latents, schedule, 1, 2, jr.key(1))
    truth = evidence(model, data)
    mean_is(np.exp(np.asarray(there.log_weight)[:, 0] - truth), 1.0)
    mean_is(np.exp(truth - np.asarray(back.log_weight)[:, 0]), 1.0)


def short_walks_are_unbiased() -> None:
    """The suite's two tests of the same on 400 rows and a start that is wrong on purpose."""
    oracle = instances.ORACLES["mixture prior"]()
    data, latents = instances.simulated(oracle.model, test_walks.ROWS)
    frame, schedule = instances.wide_frame(oracle.latents, 1.3), instances.even_schedule(6, 0.4)
    both = instances.walked(oracle.model, frame, data, latents, schedule, 4, 2, jr.key(1))
    weights = [np.asarray(walk.log_weight, np.float64) for walk in both]
    test_walks.test_the_mean_forward_weight_is_the_evidence((oracle.truth(data), *weights))
    test_walks.test_the_mean_inverse_reverse_weight_is_the_inverse_evidence((oracle.truth(data), *weights))


def from_the_posterior_every_weight_is_the_evidence() -> None:
    """No step and no draw matters there: three rows, four walks each way."""
    with jax.enable_x64(True):
        model = linear_gaussian(5, 2)
        data, latents = instances.simulated(model, 3)
        schedule = instances.even_schedule(5, 0.5)
        for x, z in zip(data, latents, strict=True):
            frame = AffineMap.of(model.posterior(jnp.asarray(x)))
            walks = instances.walked(model, frame, x[None], z[None], schedule, 4, 2, jr.key(0))
            truth = np.full((1, 4), float(model.log_evidence(jnp.asarray(x))))
            for walk in walks:
                near(walk.log_weight, truth, 1e-10)


def kernel_refuses_what_is_no_number() -> None:
    """A density that breaks beyond a wall: no chain of 200 is ever found there."""

    class Walled(models.LinearGaussian):
        def log_joint(self, x, z):
            return jnp.where(z[0] > 1.0, jnp.nan, super().log_joint(x, z))

    base = linear_gaussian(5, 2)
    path = annealing.Path(Walled(base.weight, base.offset, base.noise), jnp.zeros(5), instances.wide_frame(2))
    one = jnp.ones(())

    @jax.jit
    @jax.vmap
    def moved(key):
        return walks.hmc_step(path, path.at(jnp.zeros(2)), one, one, leapfrogs=3, key=key)[0].u[0]

    ends = np.asarray(moved(jr.split(jr.key(0), 200)))
    assert np.all(ends <= 1.0), f"{np.sum(~(ends <= 1.0))} of 200 chains are beyond the wall"


def energy_error_falls_with_the_cube_of_the_step() -> None:
    """1 − P(accept) of three leapfrogs, halfway along the path: an eighth at half the step."""
    with jax.enable_x64(True):
        model = linear_gaussian(5, 2)
        x = jnp.asarray(instances.simulated(model, 1)[0][0])
        path = annealing.Path(model, x, instances.wide_frame(2))

        @jax.jit
        def refused(step, keys):
            def one(key):
                start, move = jr.split(key)
                position = path.at(jr.normal(start, (2,)))
                return 1.0 - walks.hmc_step(path, position, jnp.asarray(0.5), step, leapfrogs=3, key=move)[1]

            return jnp.mean(jax.vmap(one)(keys))

        large, small = (float(refused(jnp.asarray(step), jr.split(jr.key(2), 4000))) for step in (0.01, 0.005))
    order = math.log2(large / small)
    assert abs(order - 3.0) < 0.2, f"the error falls as the step to the power {order:.2f}"


@eqx.filter_jit
def _posterior_frames(model, data):
    def frame(x):
        return AffineMap.of(model.posterior(x)).stretched(1.4)

    return jax.vmap(frame)(data)


def audited_walks_are_unbiased() -> None:
    """The walks of an audit, three chains a row: E exp(lower) = p(x) and E exp(−upper) = 1/p(x) from exact starts."""
    model, rows, chains = linear_gaussian(5, 2), 3200, 3
    data, latents = instances.simulated(model, rows, seed=3)
    frames = _posterior_frames(model, jnp.asarray(data))
    exact = jax.jit(jax.vmap(lambda frame, z: frame.coordinates(z)))(frames, jnp.asarray(latents))
    steps = len(auditing.walks.PILOT)
    found = annealing.Pilot(
        np.full((rows, steps), 1.1, data.dtype),
        np.ones((rows, steps), data.dtype),
        np.repeat(np.asarray(exact)[:, None], chains, axis=1),
        np.ones(rows, data.dtype),
    )
    guide, lengths, numbers = Constant(model.prior()), np.full(rows, 6), np.arange(rows)
    walks = auditing.walks.walks(model, guide, data, frames, found, lengths, key=jr.key(4), rows=numbers)
    truth = evidence(model, data)
    mean_is(np.exp(walks.lower - truth), 1.0)
    mean_is(np.exp(truth - walks.upper), 1.0)
