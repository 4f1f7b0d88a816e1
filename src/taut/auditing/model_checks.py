"""Checks of the bracket and of the model: controls, outliers, simulated rows, calibration."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax.random as jr
import numpy as np
from jaxtyping import Float

from taut.auditing import budget as parts
from taut.auditing.budget import Budget
from taut.auditing.calibration import calibrate
from taut.auditing.controls import Controlled, controls_for
from taut.auditing.origins import Coverage
from taut.auditing.predictive import outliers_among, predictive_checks, simulated_p_values
from taut.auditing.refinement import Refinement
from taut.auditing.rowwise import REFINED_DRAWS, RowMeasures
from taut.auditing.simulation import MATCHED, POOL, Pool, draw_pool, features_of, norms_of, simulated_check
from taut.auditing.walks import Walks
from taut.datum import as_datum, values_of
from taut.errors import AuditError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import take
from taut.record import Calibration, Control, Estimate, Outliers, Predictive, Simulated
from taut.shapes import DataLike, RandomKey
from taut.weights import LARGEST_KHAT

# Standard errors, and nats, by which a lower bound from elsewhere must pass the upper one before that one is false.
ERRORS, LEAST = 3.0, 0.01
# Nats by which it may do so in all rows together: p̂ from there and 1/p̂ from the walks are unbiased and independent, so
# that the product over rows of p̂ there / p̂ here has mean one, and is above 100 once in a hundred times (Markov).
IN_ALL = math.log(100.0)


def reason_to_withdraw(
    walks: Walks, refined: Refinement, controlled: Controlled, coverage: Coverage | None = None
) -> str | None:
    """Why the upper ends do not hold, in a sentence; None where no check says so."""
    reasons = (_crossed(walks), _passed(controlled), _far_from(refined, coverage), _unsettled(controlled))
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


def _far_from(refined: Refinement, coverage: Coverage | None) -> str | None:
    start, khat = ("refined Gaussians", refined.khat) if coverage is None else ("mixtures", coverage.khat)
    typical = float(np.median(np.asarray(khat, np.float64)))
    if not typical > LARGEST_KHAT:
        return None
    return (
        f"The {start}' weights have a tail index of {typical:.2f} in the median row, so that walks from "
        "there seldom reach a part of the posterior."
    )


def _unsettled(controlled: Controlled) -> str | None:
    if controlled.heavy > 0:
        return (
            f"In {controlled.heavy:.0%} of the rows that were looked at the posterior falls off like a power of the "
            "distance: other modes are seen from near by alone, and walks may miss them."
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


# What checks take beside compilation: temperatures of rows in the controls; calibration, in rows of the account.
CONTROL_TEMPERATURES, CALIBRATED_ROWS = 50_000, 50
# Parts of which progress is reported.
CHECKS = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checks:
    """The checks that were made; one that was not is None.

    `withdrawn` says why the upper ends do not hold, where a check found so; `p_values` are the rows' outlier p-values;
    `notes` say which check could not be made, and why.
    """

    controlled: Controlled | None = None
    withdrawn: str | None = None
    p_values: Float[np.ndarray, "n"] | None = None
    outliers: Outliers | None = None
    predictive: tuple[Predictive, ...] = ()
    simulated: Simulated | None = None
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()


def checks_of(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    rows: RowMeasures,
    known: dict[int, float],
    *,
    draws: int,
    delta: float,
    key: RandomKey,
    on_block: Callable[[int], None],
    budget: Budget,
) -> Checks:
    """The controls of the bracket, and all that is measured on rows drawn from the model.

    `known` are lower bounds on log p(x) by row number that are certain.
    """
    control_key, pool_key, match_key, calibration_key = jr.split(key, 4)
    refined, notes = rows.refined, []
    found: dict[str, Any] = {}
    on_block(0)
    if rows.walks is not None and refined is not None:
        own = guide if guide.amortised else take(guide, rows.numbers)
        controlled = budget.attempt(
            "the controls of the bracket",
            lambda: controls_for(model, own, data, rows, key=control_key, known=known),
            programs=parts.CONTROLS,
            running=CONTROL_TEMPERATURES * budget.a_temperature,
        )
        withdrawn = (
            None
            if controlled is None
            else reason_to_withdraw(rows.walks, refined, controlled, rows.coverage if rows.several else None)
        )
        found |= {"controlled": controlled, "withdrawn": withdrawn}
    on_block(1)
    if not (model.simulates and guide.amortised and refined is not None):
        return Checks(**found)
    pool = budget.attempt(
        "outliers and predictive checks",
        lambda: draw_pool(model, guide, data, draws=draws, refined_draws=REFINED_DRAWS, key=pool_key),
        programs=parts.SIMULATIONS,
        running=POOL * budget.a_row,
    )
    if pool is not None:
        found |= _beside_simulated_rows(data, rows, refined, pool)
    on_block(2)
    if pool is not None and rows.walks is not None and rows.temperatures is not None:
        lengths = rows.temperatures
        real = features_of(rows.encoder, refined, norms_of(model, guide, data, key=key))
        found["simulated"] = budget.attempt(
            "the bracket of simulated rows",
            lambda: tried(
                notes,
                lambda: simulated_check(
                    model, guide, pool, real, lengths, key=match_key, delta=delta, several=rows.several
                ),
            ),
            programs=parts.SIMULATED_WALKS,
            running=MATCHED * (budget.a_row + 2 * float(np.median(lengths)) * budget.a_temperature),
        )
    on_block(3)
    found["calibration"] = budget.attempt(
        "calibration",
        lambda: tried(notes, lambda: calibrate(model, guide, key=calibration_key, like=data)),
        programs=parts.CALIBRATION,
        running=CALIBRATED_ROWS * budget.a_row,
    )
    on_block(CHECKS)
    return Checks(**found, notes=tuple(notes))


def _beside_simulated_rows(data: DataLike, rows: RowMeasures, refined: Refinement, pool: Pool) -> dict[str, Any]:
    """Outliers among the rows, and predictive checks of the data set."""
    log_p, reference = (np.asarray(part.log_p, np.float64) for part in (refined, pool.refined))
    p_values = simulated_p_values(log_p, np.nan_to_num(reference, nan=-np.inf))
    regrets, usual = log_p - rows.encoder.elbo, reference - pool.encoder.elbo
    outliers = outliers_among(p_values, regrets, usual, rows.numbers)
    # Columns of many kinds have no common statistic; each has an account of its own.
    alike = rows.terms is None and not as_datum(data).holes().any()
    predictive = tuple(predictive_checks(values_of(data), values_of(pool.data))) if alike else ()
    return {"p_values": p_values, "outliers": outliers, "predictive": predictive}


def tried(notes: list[str], check: Callable[[], Any]) -> Any:
    """The result of a check beside the account, or a note of why there is none: it does not end the audit."""
    try:
        return check()
    except AuditError as error:
        notes.append(f"A check could not be made. {error}")
        return None
