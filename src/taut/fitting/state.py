"""The state of a fit: what its next step needs."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int, Num

from taut.fitting.segments import Position
from taut.numerics import floats_on_device
from taut.record import HistoryRow


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

    def last(self) -> HistoryRow:
        """The last epoch."""
        number = int(self.epoch)
        return _row(number, *np.asarray(self.record)[number - 1].tolist())

    def history(self) -> list[HistoryRow]:
        """The epochs so far."""
        rows = np.asarray(self.record)[: int(self.epoch)].tolist()
        return [_row(number, *row) for number, row in enumerate(rows, start=1)]


def _row(number: int, train: float, held_out: float, seconds: float) -> HistoryRow:
    return HistoryRow(epoch=number, train=train, held_out=None if math.isnan(held_out) else held_out, seconds=seconds)
