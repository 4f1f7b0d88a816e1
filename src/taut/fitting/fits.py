"""The two front doors of the loop: model and guide together, or the guide alone."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from taut.datum import bare, rows_in, values_of
from taut.errors import OptionError, ShapeError
from taut.fitting.epoch import AsFloat, EpochProgram, Parts, View
from taut.fitting.loop import FitResult, Progress, run
from taut.fitting.plan import Plan
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import floats_on_device
from taut.objectives import Objective, elbo, sticking_the_landing
from taut.shapes import DataLike, OtherData, RandomKey

Weights = Float[np.ndarray, "n"]
OtherWeights = Float[np.ndarray, "m"]


def fit(
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
    checkpoint: Path | None = None,
    resume: bool = False,
    began: float | None = None,
) -> FitResult:
    """Climb an objective over the parameters of model and guide together.

    Returns the state with the best bound on `held_out`, or the last one where no rows are held out. The same key gives
    the same run to the bit on one machine.

    Other arguments: `view` turns a stored row into the datum at every access; `weights` and `held_out_weights`,
    positive, say how much each row counts: the objective is Σ w_i objective_i / Σ w_i, so that a row of weight 2 counts
    as one that is there twice; `checkpoint` names a file for the state, written every half minute and at the end, from
    which `resume` goes on; `began` is the reading of `time.monotonic` from which `plan.time_limit` counts, that of the
    call by default.

    Raises OptionError for a batch larger than the data, a `resume` without `checkpoint` or a weight that is not
    positive, ShapeError where held-out rows have another width.

    >>> import jax.random as jr, numpy as np
    >>> from taut import guides, likelihoods, models, networks
    >>> model = models.LatentVariableModel(
    ...     prior=models.standard_normal(1),
    ...     decoder=networks.Perceptron(1, 3, hidden=(), key=jr.key(0)),
    ...     likelihood=likelihoods.Bernoulli(3),
    ... )
    >>> guide = guides.GaussianEncoder(3, 1, hidden=(), key=jr.key(1))
    >>> rows = np.array([[0, 0, 0], [1, 1, 1]] * 8, dtype=np.uint8)
    >>> fit(model, guide, rows, key=jr.key(2), plan=Plan(epochs=2, batch_size=4)).outcome.code
    'budget spent'
    """
    plan = checked(plan or Plan(), data, held_out, checkpoint=checkpoint, resume=resume)
    trainable, fixed = eqx.partition((model, guide), eqx.is_inexact_array)
    program = program_of(plan, objective or elbo(), view or AsFloat(), rows_in(data))
    return run(
        program,
        plan,
        Parts(trainable, fixed),
        on_device(data),
        None if held_out is None else on_device(held_out),
        key=key,
        on_epoch=on_epoch,
        checkpoint=checkpoint,
        resume=resume,
        began=began,
        weights=of_mean_one(weights),
        held_out_weights=of_mean_one(held_out_weights),
    )


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
    checkpoint: Path | None = None,
    resume: bool = False,
    began: float | None = None,
) -> FitResult:
    """Teach the guide alone, with the model held still: a last stage for an encoder that did not keep up with it.

    log p(x) does not move, so that the ELBO rises by what KL(q(z|x) ‖ p(z|x)) falls. The objective is by default the
    path derivative of the ELBO; `taut.objectives.refined(steps, forward=1.0)` teaches the guide where walks from it
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
    plan = checked(plan or Plan(), data, held_out, checkpoint=checkpoint, resume=resume)
    program = program_of(plan, objective or sticking_the_landing(), view or AsFloat(), rows_in(data))
    return run(
        program,
        plan,
        _guide_alone(model, guide),
        on_device(data),
        None if held_out is None else on_device(held_out),
        key=key,
        on_epoch=on_epoch,
        checkpoint=checkpoint,
        resume=resume,
        began=began,
        weights=of_mean_one(weights),
        held_out_weights=of_mean_one(held_out_weights),
    )


def _guide_alone(model: AbstractModel, guide: AbstractGuide) -> Parts:
    trainable, fixed = eqx.partition(guide, eqx.is_inexact_array)
    nothing: Any = jax.tree.map(lambda _: None, model)
    return Parts((nothing, trainable), (model, fixed))


def checked(
    plan: Plan, data: DataLike, held_out: OtherData | None, *, checkpoint: Path | None = None, resume: bool = False
) -> Plan:
    """The plan, where it fits the rows. Raises OptionError or ShapeError where it does not."""
    plan.check_batch(rows_in(data))
    if resume and checkpoint is None:
        raise OptionError("Resuming wants a checkpoint to go on from; got none; name its file.")
    if held_out is not None and (widths := [values_of(rows).shape[1] for rows in (data, held_out)])[0] != widths[1]:
        raise ShapeError(f"Held-out rows want the width of the others, {widths[0]}; got {widths[1]}; use one data set.")
    return plan


def on_device(rows: Any) -> Any:
    """The rows as arrays of JAX, in their dtype where it has it: of wider integers it would keep the last 32 bits.

    >>> on_device(np.array([[2**40]])).tolist()
    [[1099511627776.0]]
    """

    def put(leaf: np.ndarray | Array) -> Array:
        wide = leaf.dtype.kind in "iu" and leaf.dtype.itemsize > 4
        # Put there, because `jnp.asarray` compiles a program for each shape.
        return floats_on_device(leaf) if wide else jax.device_put(leaf)

    return jax.tree.map(put, bare(rows))


def of_mean_one(weights: Weights | None) -> Float[Array, "n"] | None:
    """The weights over their mean. Raises OptionError where one is not positive."""
    if weights is None:
        return None
    weights = np.asarray(weights, np.float64)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise OptionError("Weights want positive numbers; got others; leave rows out that shall not count.")
    return floats_on_device(weights / weights.mean())


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


def _whole_batch(plan: Plan, n: int) -> Plan:
    # Clipping by the global norm would couple rows that have nothing to do with one another.
    return dataclasses.replace(plan, batch_size=n, clip=float("inf"))


def program_of(plan: Plan, objective: Objective, view: View, n: int) -> EpochProgram:
    """An epoch over n rows."""
    batch_size = min(plan.batch_size, n)
    steps = math.ceil(n / batch_size) * plan.repeats
    return EpochProgram(objective, view, plan.optimiser(steps), batch_size, plan.repeats, plan.hide_cells)
