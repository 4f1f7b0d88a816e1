"""What every fit shares: a plan that suits the rows, rows and weights on the device, the program of an epoch."""

import contextlib
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Array, Float

from taut.datum import rows_in, values_of
from taut.distributed import row_mesh
from taut.errors import OptionError, ShapeError
from taut.fitting.checkpoints import Checkpoints, CheckpointsLike
from taut.fitting.epoch import AsFloat, EpochProgram, Parts, View
from taut.fitting.loop import FitResult, Progress, run
from taut.fitting.plan import Plan
from taut.fitting.segments import AbstractRows, on_device
from taut.numerics import floats_on_device
from taut.objectives import Objective
from taut.shapes import DataLike, OtherData, RandomKey

Weights = Float[np.ndarray, "n"]
OtherWeights = Float[np.ndarray, "m"]


def checked(
    plan: Plan,
    data: DataLike | AbstractRows,
    held_out: OtherData | None,
    *,
    checkpoints: CheckpointsLike | None = None,
    resume: bool = False,
) -> Plan:
    """The plan, where it fits the rows. Raises OptionError or ShapeError where it does not."""
    plan.check_batch(rows_in(data))
    if resume and checkpoints is None:
        raise OptionError("Resuming wants checkpoints to go on from; got none; name their folder.")
    if held_out is not None and (widths := [values_of(rows).shape[1] for rows in (data, held_out)])[0] != widths[1]:
        raise ShapeError(f"Held-out rows want the width of the others, {widths[0]}; got {widths[1]}; use one data set.")
    return plan


def of_mean_one(weights: Weights | None) -> Float[Array, "n"] | None:
    """The weights over their mean. Raises OptionError where one is not positive."""
    if weights is None:
        return None
    weights = np.asarray(weights, np.float64)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise OptionError("Weights want positive numbers; got others; leave rows out that shall not count.")
    return floats_on_device(weights / weights.mean())


def program_of(plan: Plan, objective: Objective, view: View, n: int) -> EpochProgram:
    """An epoch over n rows."""
    batch_size = min(plan.batch_size, n)
    steps = math.ceil(n / batch_size) * plan.repeats
    return EpochProgram(objective, view, plan.optimiser(steps), batch_size, plan.repeats, plan.hide_cells, row_mesh())


def climbed(
    parts: Parts,
    data: DataLike | AbstractRows,
    *,
    objective: Objective,
    plan: Plan,
    view: View | None,
    held_out: OtherData | None,
    weights: Weights | None,
    key: RandomKey,
    held_out_weights: OtherWeights | None = None,
    on_epoch: Callable[[Progress], None] | None = None,
    checkpoints: CheckpointsLike | None = None,
    resume: bool = False,
    began: float | None = None,
) -> FitResult:
    """The loop over what of these parts is trained; arguments as of `taut.fitting.fit`."""
    kept = Checkpoints.of(checkpoints)
    with contextlib.nullcontext() if kept is None else kept.held():
        return run(
            program_of(plan, objective, view or AsFloat(), rows_in(data)),
            plan,
            parts,
            on_device(data),
            None if held_out is None else on_device(held_out),
            key=key,
            on_epoch=on_epoch,
            checkpoints=kept,
            resume=resume,
            began=began,
            weights=of_mean_one(weights),
            held_out_weights=of_mean_one(held_out_weights),
        )
