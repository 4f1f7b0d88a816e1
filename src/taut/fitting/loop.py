"""The loop: epochs until converged, spent, diverged or interrupted; the best state kept."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int, Num

from taut.compiling import compiled_sooner, keep_compiled_programs, numbers_in
from taut.datum import rows_in
from taut.distributed import from_first, on_all_devices, on_own_device
from taut.errors import OptionError
from taut.fitting.checkpoints import Checkpoints
from taut.fitting.epoch import EpochProgram, Parts, held_out_bound, run_epoch
from taut.fitting.plan import Outcome, Plan
from taut.fitting.segments import AbstractRows, Position, run_segment, streamed_epoch
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import floats_on_device
from taut.record import HistoryRow
from taut.shapes import DataLike, OtherData, RandomKey
from taut.waiting import arrived

# Epochs × rows × draws × weights of about three seconds on a core, which careless code makes four: less than it saves.
LITTLE = 10_000_000_000


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a follower of a fit sees: epochs done and asked for, the current bound, seconds left by this pace.

    `record` is that of the epoch.
    """

    epoch: int
    epochs: int
    bound: float
    seconds_left: float
    record: HistoryRow

    @classmethod
    def after(cls, record: HistoryRow, epochs: int, elapsed: float) -> Progress:
        """After the epoch of this record, `elapsed` seconds from the start."""
        bound = record.train if record.held_out is None else record.held_out
        return cls(record.epoch, epochs, bound, (epochs - record.epoch) * elapsed / record.epoch, record)


@dataclasses.dataclass(frozen=True)
class FitResult:
    """What the loop returns: the best model and guide, how the bound went, and how it ended."""

    model: AbstractModel
    guide: AbstractGuide
    history: list[HistoryRow]
    outcome: Outcome


class State(eqx.Module):
    """What the next step needs, all arrays, so that it can be written and read back to the bit.

    `record` has a row for each epoch asked for: train, held-out, seconds. `best_epoch` counts from 1; 0 is the start.
    `step` of the epoch are done, with the first of `bounds`; both are zero between epochs.
    """

    trainable: Any
    opt_state: Any
    best: Any
    epoch: Int[Array, ""]
    best_epoch: Int[Array, ""]
    record: Num[Array, "epochs 3"]
    step: Int[Array, ""]
    bounds: Float[Array, "steps"]

    @classmethod
    def start(cls, trainable: Any, opt_state: Any, epochs: int, steps: int) -> State:
        """The state before the first epoch of so many steps."""
        zero = jax.device_put(np.int32(0))
        record, bounds = floats_on_device(np.full((epochs, 3), np.nan)), floats_on_device(np.zeros(steps))
        return cls(trainable, opt_state, trainable, zero, zero, record, zero, bounds)

    def within(self, trainable: Any, opt_state: Any, position: Position) -> State:
        """The state after some steps of an epoch."""
        step = jax.device_put(np.int32(position.step))
        return dataclasses.replace(self, trainable=trainable, opt_state=opt_state, step=step, bounds=position.bounds)

    def after(self, trainable: Any, opt_state: Any, train: float, held_out: float, seconds: float) -> State:
        """The state after one more epoch; without held-out rows the last state is the best."""
        record, best_epoch = np.array(self.record), int(self.best_epoch)
        best_so_far = record[best_epoch - 1, 1] if best_epoch else -math.inf
        record[int(self.epoch)] = train, held_out, seconds
        rose = math.isnan(held_out) or held_out > best_so_far
        epoch = jax.device_put(np.int32(int(self.epoch) + 1))
        best, best_epoch = (trainable, epoch) if rose else (self.best, self.best_epoch)
        step, bounds = jax.device_put(np.int32(0)), floats_on_device(np.zeros(self.bounds.shape))
        return State(trainable, opt_state, best, epoch, best_epoch, floats_on_device(record), step, bounds)

    def history(self) -> list[HistoryRow]:
        """The epochs so far."""
        rows = np.asarray(self.record)[: int(self.epoch)].tolist()
        return [
            HistoryRow(epoch=number, train=train, held_out=None if math.isnan(held) else held, seconds=seconds)
            for number, (train, held, seconds) in enumerate(rows, start=1)
        ]


@eqx.filter_jit
def _begun(program: EpochProgram, trainable: Any) -> tuple[Any, Any]:
    """What moves, and the optimiser's state for it.

    An array made from a Python number has a weak dtype, which the first step makes strong: a second compilation.
    """
    trainable = jax.tree.map(lambda leaf: jnp.asarray(leaf, leaf.dtype), trainable)
    return trainable, program.optimiser.init(trainable)


def _programs(
    program: EpochProgram, plan: Plan, parts: Parts, data: DataLike | AbstractRows
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Of an epoch over rows that are on the device or elsewhere, and of the bound; little work is compiled sooner."""
    passes = plan.epochs * program.repeats * rows_in(data) * program.objective.draws
    little = passes * numbers_in((parts.trainable, parts.fixed)) < LITTLE
    elsewhere = isinstance(data, AbstractRows)
    kept: tuple[Any, ...] = run_segment if elsewhere else run_epoch, held_out_bound
    epoch_of, bound_of = map(compiled_sooner, kept) if little else kept
    return functools.partial(streamed_epoch, epoch_of) if elsewhere else epoch_of, bound_of


def _within(data: DataLike | AbstractRows, state: State, keep: Callable[[State], None]) -> dict[str, Any]:
    """Where in an epoch to go on from, and what to do between its segments; nothing where it has none.

    Raises OptionError for a state within an epoch of rows that are now in memory.
    """
    if isinstance(data, AbstractRows):
        return {
            "position": Position(int(state.step), state.bounds),
            "on_segment": lambda trainable, opt_state, position: keep(state.within(trainable, opt_state, position)),
        }
    if int(state.step):
        raise OptionError(
            f"Resuming wants the rows streamed as before, since {int(state.step)} steps of an epoch are done; got them "
            "in memory; stream them."
        )
    return {}


def run(
    program: EpochProgram,
    plan: Plan,
    parts: Parts,
    data: DataLike | AbstractRows,
    held_out: OtherData | None,
    *,
    key: RandomKey,
    on_epoch: Callable[[Progress], None] | None = None,
    checkpoints: Checkpoints | None = None,
    resume: bool = False,
    began: float | None = None,
    weights: Float[Array, "n"] | None = None,
    held_out_weights: Float[Array, "m"] | None = None,
) -> FitResult:
    """Climb until something ends it; `weights` of rows have mean one."""
    keep_compiled_programs()
    # Rows are drawn by epoch in training and by number when held out: two keys, or number 3 would share with epoch 3.
    train_key, held_out_key = jr.split(key)
    start = State.start(*_begun(program, parts.trainable), plan.epochs, program.steps(rows_in(data)))
    fixed, data, held_out, train_key, held_out_key, weights, held_out_weights = on_all_devices(
        (parts.fixed, data, held_out, train_key, held_out_key, weights, held_out_weights), program.mesh
    )
    state = on_all_devices(start if checkpoints is None else checkpoints.begin(start, resume=resume), program.mesh)
    saved = time.monotonic()
    began = saved if began is None else began
    epoch_of, bound_of = _programs(program, plan, Parts(parts.trainable, fixed), data)

    def keep(now: State) -> None:
        nonlocal state, saved
        state = now
        if checkpoints is not None and checkpoints.due(state, saved):
            checkpoints.save(state)
            saved = time.monotonic()

    before, first = float(np.nansum(np.asarray(state.record)[:, 2])), int(state.epoch)
    outcome = Outcome.budget_spent(plan.epochs, best=None)
    try:
        while int(state.epoch) < plan.epochs:
            epoch_began = time.monotonic()
            epoch = on_all_devices(state.epoch, program.mesh)
            trainable, opt_state, info = arrived(
                epoch_of(
                    program,
                    Parts(state.trainable, fixed),
                    state.opt_state,
                    data,
                    epoch,
                    train_key,
                    weights,
                    **_within(data, state, keep),
                )
            )
            if int(info.first_bad) >= 0:
                outcome = Outcome.diverged(int(state.epoch) * program.steps(rows_in(data)) + int(info.first_bad) + 1)
                break
            held = (
                math.nan
                if held_out is None
                else float(
                    arrived(bound_of(program, Parts(trainable, fixed), held_out, held_out_key, held_out_weights))
                )
            )
            if held_out is not None and not math.isfinite(held):
                outcome = Outcome.diverged((int(state.epoch) + 1) * program.steps(rows_in(data)))
                break
            seconds = time.monotonic() - epoch_began
            state = state.after(trainable, opt_state, float(info.bound), held, seconds)
            elapsed = before + time.monotonic() - began
            done = int(state.epoch)
            if on_epoch is not None:
                known = None if math.isnan(held) else held
                record = HistoryRow(epoch=done, train=float(info.bound), held_out=known, seconds=seconds)
                on_epoch(Progress.after(record, plan.epochs, elapsed))
            if plan.patience is not None and done - int(state.best_epoch) >= plan.patience:
                outcome = Outcome.converged(plan.patience, int(state.best_epoch))
                break
            # The first epoch is mostly compilation and does not predict the next one.
            coming = seconds if done - first > 1 else 0.0
            if plan.time_limit is not None and done < plan.epochs and from_first(elapsed + coming > plan.time_limit):
                outcome = Outcome.time_spent(plan.time_limit, done)
                break
            keep(state)
        else:
            outcome = Outcome.budget_spent(plan.epochs, best=None if held_out is None else int(state.best_epoch))
    except KeyboardInterrupt:
        outcome = Outcome.interrupted(int(state.epoch))
    if checkpoints is not None:
        checkpoints.save(state)
    return FitResult(*Parts(on_own_device(state.best), parts.fixed).whole(), state.history(), outcome)
