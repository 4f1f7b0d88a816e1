"""The front door of the loop: model and guide together."""

from collections.abc import Callable

import equinox as eqx

from taut.fitting.checkpoints import CheckpointsLike
from taut.fitting.epoch import Parts, View
from taut.fitting.loop import FitResult, Progress
from taut.fitting.plan import Plan
from taut.fitting.segments import AbstractRows
from taut.fitting.starting import OtherWeights, Weights, checked, climbed
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.objectives import Objective, elbo
from taut.shapes import DataLike, OtherData, RandomKey


def fit(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike | AbstractRows,
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
    """Climb an objective over the parameters of model and guide together.

    Returns the state with the best bound on `held_out`, or the last one where no rows are held out. The same key gives
    the same run to the bit on one machine.

    Other arguments: `view` turns a stored row into the datum at every access; `weights` and `held_out_weights`,
    positive, say how much each row counts: the objective is Σ w_i objective_i / Σ w_i, so that a row of weight 2 counts
    as one that is there twice; `checkpoints` names a folder for states, or is a `Checkpoints`: one is written every
    half minute and at the end, and `resume` goes on from the newest that is whole; `began` is the reading of
    `time.monotonic` from which `plan.time_limit` counts, that of the call by default.

    Raises OptionError for a batch larger than the data, a `resume` without `checkpoints` or a weight that is not
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
    plan = checked(plan or Plan(), data, held_out, checkpoints=checkpoints, resume=resume)
    trainable, fixed = eqx.partition((model, guide), eqx.is_inexact_array)
    return climbed(
        Parts(trainable, fixed),
        data,
        objective=objective or elbo(),
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
