"""Checks of an audit that contradict its upper bounds, which are then withdrawn."""

from __future__ import annotations

import math

import numpy as np

from taut.auditing.controls import Controlled
from taut.auditing.refinement import Refinement
from taut.auditing.walks import Walks
from taut.record import Control, Estimate
from taut.weights import LARGEST_KHAT

# Standard errors, and nats, by which a lower bound from elsewhere must pass the upper one before that one is false.
ERRORS, LEAST = 3.0, 0.01
# Nats by which it may do so in all rows together: p̂ from there and 1/p̂ from the walks are unbiased and independent, so
# that the product over rows of p̂ there / p̂ here has mean one, and is above 100 once in a hundred times (Markov).
IN_ALL = math.log(100.0)


def reason_to_withdraw(walks: Walks, refined: Refinement, controlled: Controlled) -> str | None:
    """Why the upper ends do not hold, in a sentence; None where no check says so."""
    reasons = (_crossed(walks), _passed(controlled), _far_from(refined), _unsettled(controlled))
    return next((reason for reason in reasons if reason is not None), None)


def _crossed(walks: Walks) -> str | None:
    crossed = Estimate.of_mean(np.asarray(walks.lower, np.float64) - walks.upper, "")
    if not _beyond(crossed):
        return None
    return f"The walks' own lower bounds lie {crossed.value:.2f} nats a row above the upper ones."


def _passed(controlled: Controlled) -> str | None:
    found = [(control.above.value, control) for control in controlled.controls if control.above and passes(control)]
    if not found:
        return None
    most, worst = max(found, key=lambda pair: pair[0])
    rows = "one row" if worst.rows == 1 else f"{worst.rows} rows"
    return (
        f"On {rows} a lower bound from {worst.start} lies {most:.2f} nats a row above the upper one, whose walks "
        "missed a mode or part of one."
    )


def _far_from(refined: Refinement) -> str | None:
    typical = float(np.median(np.asarray(refined.khat, np.float64)))
    if not typical > LARGEST_KHAT:
        return None
    return (
        f"The refined Gaussians' weights have a tail index of {typical:.2f} in the median row, so that walks from "
        "there seldom reach a part of the posterior."
    )


def _unsettled(controlled: Controlled) -> str | None:
    if controlled.heavy > 0:
        return (
            f"In {controlled.heavy:.0%} of the rows that were looked at the posterior falls off like a power of the "
            "distance, so that no chain reaches its tails and starts are no draws of it."
        )
    if controlled.moved is None or not _beyond(controlled.moved):
        return None
    return (
        f"Starts from longer walks move the upper bound by {controlled.moved.value:.2f} nats a row, so that those of "
        "the shorter ones are not yet draws of the posterior."
    )


def passes(control: Control) -> bool:
    """Whether a control's lower bound lies above the upper one, beyond noise: by its error, or in all."""
    above = control.above
    return above is not None and (_beyond(above) or control.rows * above.value > IN_ALL)


def _beyond(found: Estimate) -> bool:
    # One row has no spread from which to estimate its noise.
    error = 0.25 if found.std_error is None else found.std_error
    return found.value > max(ERRORS * error, LEAST)
