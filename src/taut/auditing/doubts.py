"""What speaks against the upper ends of one audit: found by its own checks, and enough to withdraw them."""

from __future__ import annotations

import numpy as np

from taut.auditing.controls import Controlled, paired
from taut.auditing.walks import Walks
from taut.record import Control, Estimate

# Standard errors, and nats, by which a lower bound from elsewhere must pass the upper one before that one is false.
ERRORS, LEAST = 3.0, 0.01


def doubt_of(walks: Walks, controlled: Controlled | None) -> str | None:
    """Why the upper ends do not hold, in a sentence; None where no check says so."""
    crossed = paired(np.asarray(walks.lower, np.float64) - walks.upper, "")
    if _beyond(crossed):
        return f"The walks' own lower bounds lie {crossed.value:.2f} nats a row above the upper ones."
    if controlled is None:
        return None
    passed = [control for control in controlled.controls if passes(control)]
    if passed:
        worst = max(passed, key=lambda control: control.above.value if control.above else 0.0)
        assert worst.above is not None
        return (
            f"On {_rows(worst)} a lower bound from {worst.start} lies {worst.above.value:.2f} nats a row above the "
            "upper one, whose walks missed a mode or part of one."
        )
    if controlled.heavy > 0:
        return (
            f"In {controlled.heavy:.0%} of the rows that were looked at the posterior falls off like a power of the "
            "distance, so that no chain reaches its tails and starts are no draws of it."
        )
    if controlled.moved is not None and _beyond(controlled.moved):
        return (
            f"Starts from longer walks move the upper bound by {controlled.moved.value:.2f} nats a row, so that the "
            "starts of the shorter ones are not yet draws of the posterior."
        )
    return None


def passes(control: Control) -> bool:
    """Whether a control's lower bound lies above the upper one, beyond noise."""
    return control.above is not None and _beyond(control.above)


def _beyond(found: Estimate) -> bool:
    # One row alone has no spread to tell its noise by.
    error = 0.25 if found.std_error is None else found.std_error
    return found.value > max(ERRORS * error, LEAST)


def _rows(control: Control) -> str:
    return "one row" if control.rows == 1 else f"{control.rows} rows"
