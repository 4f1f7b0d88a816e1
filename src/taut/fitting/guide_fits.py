"""Fits of the guide alone, with the model held still."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from taut.datum import rows_in
from taut.fitting.checkpoints import CheckpointsLike
from taut.fitting.epoch import AsFloat, Parts, View
from taut.fitting.loop import FitResult, Progress, run
from taut.fitting.plan import Plan
from taut.fitting.segments import on_device
from taut.fitting.starting import OtherWeights, Weights, checked, climbed, program_of
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.objectives import Objective, sticking_the_landing
from taut.shapes import DataLike, OtherData, RandomKey


def fit_guide(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    key: RandomKey,
    objective: Objective | None = None,
    held_out: OtherData | None = None,
    plan: Plan | None = None,
    view: View | None = None,
    weights: Weights | None = None,
    held_out_weights: OtherWeights | None = None,
    on_epoch: Callable[[Progress], None] | None = None,
    checkpoints: CheckpointsLike | None = None,
    resume: bool = False,
    began: float | None = None,
) -> FitResult:
    """Teach the guide alone, with the model held still: a last stage for an encoder that did not keep up with it.

    log p(x) does not move, so that the ELBO rises by what KL(q(z|x) ‖ p(z|x)) falls. The objective is by default the
    path derivative of the ELBO; `taut.objectives.annealed(steps, forward=1.0)` teaches the guide where walks from it
    towards p(z|x) end, which makes it wide enough to draw importance weights from. Other arguments are those of `fit`.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import GaussianEncoder
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> guide, rows = GaussianEncoder(2, 1, hidden=(), key=jr.key(0)), jr.normal(jr.key(1), (64, 2))
    >>> plan = Plan(epochs=30, batch_size=16, learning_rate=0.05)
    >>> taught = fit_guide(model, guide, rows, key=jr.key(2), plan=plan).guide
    >>> round(float(taught(jnp.ones(2)).mean[0]), 2)
    0.67
    """
    plan = checked(plan or Plan(), data, held_out, checkpoints=checkpoints, resume=resume)
    return climbed(
        _guide_alone(model, guide),
        data,
        objective=objective or sticking_the_landing(),
        plan=plan,
        view=view,
        held_out=held_out,
        weights=weights,
        held_out_weights=held_out_weights,
        key=key,
        on_epoch=on_epoch,
        checkpoints=checkpoints,
        resume=resume,
        began=began,
    )


def refine(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    *,
    key: RandomKey,
    objective: Objective | None = None,
    plan: Plan | None = None,
) -> FitResult:
    """Climb the ELBO over the guide alone, for given data and with the model held still.

    log p(x) does not contain φ, so that the ELBO rises by exactly what KL(q(z|x) ‖ p(z|x)) falls. A local guide
    (`taut.guides.free_gaussians`) is stepped on all its rows at once, `plan.repeats` times an epoch.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import Constant, free_gaussians
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> rows = jnp.array([[1.0, 2.0], [0.0, 0.0]])
    >>> start = free_gaussians(Constant(model.prior()), rows)
    >>> run = refine(model, start, rows, key=jr.key(0), plan=Plan(epochs=20, repeats=20, learning_rate=0.05))
    >>> [round(float(mean), 2) for mean in run.guide.mean[:, 0]]
    [1.0, 0.0]
    """
    plan = plan or Plan(epochs=50, repeats=20, learning_rate=1e-2)
    if not guide.amortised:
        plan = _whole_batch(plan, rows_in(data))
    program = program_of(plan, objective or sticking_the_landing(draws=8), AsFloat(), rows_in(data))
    return run(program, plan, _guide_alone(model, guide), on_device(data), None, key=key)


def _guide_alone(model: AbstractModel, guide: AbstractGuide) -> Parts:
    trainable, fixed = eqx.partition(guide, eqx.is_inexact_array)
    nothing: Any = jax.tree.map(lambda _: None, model)
    return Parts((nothing, trainable), (model, fixed))


def _whole_batch(plan: Plan, n: int) -> Plan:
    # Clipping by the global norm would couple rows that have nothing to do with one another.
    return dataclasses.replace(plan, batch_size=n, clip=float("inf"))
