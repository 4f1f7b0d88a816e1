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
from jaxtyping import Array, Float

from taut.compiling import compiled_sooner, keep_compiled_programs, numbers_in
from taut.datum import rows_in
from taut.distributed import from_first, on_all_devices, on_own_device
from taut.errors import OptionError
from taut.fitting.checkpoints import Checkpoints
from taut.fitting.epoch import EpochProgram, Parts, held_out_bound, run_epoch
from taut.fitting.plan import Outcome, Plan
from taut.fitting.segments import AbstractRows, Position, run_segment, streamed_epoch
from taut.fitting.state import State
from taut.guides import AbstractGuide
from taut.models import AbstractModel
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


@dataclasses.dataclass(frozen=True)
class _Work:
    """What every epoch needs, on all devices."""

    program: EpochProgram
    epoch_of: Callable[..., Any]
    bound_of: Callable[..., Any]
    fixed: Any
    data: DataLike | AbstractRows
    held_out: OtherData | None
    train_key: RandomKey
    held_out_key: RandomKey
    weights: Float[Array, "n"] | None
    held_out_weights: Float[Array, "m"] | None

    def epoch(self, state: State, keep: Callable[[State], None]) -> State | Outcome:
        """The state after one more epoch, or how it failed."""
        began, steps = time.monotonic(), self.program.steps(rows_in(self.data))
        number, within = on_all_devices(state.epoch, self.program.mesh), _within(self.data, state, keep)
        parts = Parts(state.trainable, self.fixed)
        trainable, opt_state, info = arrived(
            self.epoch_of(
                self.program, parts, state.opt_state, self.data, number, self.train_key, self.weights, **within
            )
        )
        if int(info.first_bad) >= 0:
            return Outcome.diverged(int(state.epoch) * steps + int(info.first_bad) + 1)
        held = math.nan
        if self.held_out is not None:
            held = float(arrived(self._bound(Parts(trainable, self.fixed))))
            if not math.isfinite(held):
                return Outcome.diverged((int(state.epoch) + 1) * steps)
        return state.after(trainable, opt_state, float(info.bound), held, time.monotonic() - began)

    def _bound(self, parts: Parts) -> Any:
        return self.bound_of(self.program, parts, self.held_out, self.held_out_key, self.held_out_weights)


def _ended(plan: Plan, state: State, elapsed: float, coming: float) -> Outcome | None:
    """Why training ends before the epochs that were asked for, if it does, where the next one would take so long."""
    done = int(state.epoch)
    if plan.patience is not None and done - int(state.best_epoch) >= plan.patience:
        return Outcome.converged(plan.patience, int(state.best_epoch))
    if plan.time_limit is not None and done < plan.epochs and from_first(elapsed + coming > plan.time_limit):
        return Outcome.time_spent(plan.time_limit, done)
    return None


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
    work = _Work(
        program=program,
        epoch_of=epoch_of,
        bound_of=bound_of,
        fixed=fixed,
        data=data,
        held_out=held_out,
        train_key=train_key,
        held_out_key=held_out_key,
        weights=weights,
        held_out_weights=held_out_weights,
    )

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
            after = work.epoch(state, keep)
            if isinstance(after, Outcome):
                outcome = after
                break
            state, elapsed = after, before + time.monotonic() - began
            record = state.last()
            if on_epoch is not None:
                on_epoch(Progress.after(record, plan.epochs, elapsed))
            # The first epoch is mostly compilation and does not predict the next one.
            coming = record.seconds if record.epoch - first > 1 else 0.0
            if (ended := _ended(plan, state, elapsed, coming)) is not None:
                outcome = ended
                break
            keep(state)
        else:
            outcome = Outcome.budget_spent(plan.epochs, best=None if held_out is None else int(state.best_epoch))
    except KeyboardInterrupt:
        outcome = Outcome.interrupted(int(state.epoch))
    if checkpoints is not None:
        checkpoints.save(state)
    return FitResult(*Parts(on_own_device(state.best), parts.fixed).whole(), state.history(), outcome)
