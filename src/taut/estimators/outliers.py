"""How improbable rows are beside rows that the model simulates, and on one scale where they lack other cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from taut.auditing import simulated_p_values
from taut.errors import OptionError
from taut.estimators.evaluation import prepared_rows, simulated_rows
from taut.estimators.scoring import log_p_of, scored_rows
from taut.estimators.training import Fitted

# Simulated rows that stand for a pattern of holes: their mean and deviation are known to about a tenth of the latter.
SIMULATED = 200
# Of the simulation, apart from the seeds that people give.
SEED = 20_231


def comparable_log_p(fitted: Fitted, X: Any, *, draws: int) -> Float[np.ndarray, "n"]:
    """log p of the observed cells, for a row with holes h brought to the scale of whole rows.

        m + s (log p(x_h) − m_h)/s_h

    with m_h and s_h the mean and deviation over rows simulated from the model with the holes h, m and s without. Whole
    rows keep their log p; a row of which nothing is seen has the mean m.
    """
    rows = scored_rows(fitted, X)
    found = log_p_of(fitted, rows, draws=draws, seed=0).astype(np.float64)
    holes = rows.holes()
    if not holes.any():
        return found
    whole = simulated_log_p(fitted, draws=draws)
    patterns, owners = np.unique(holes, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if not pattern.any():
            continue
        alike, mine = simulated_log_p(fitted, pattern, draws=draws), owners.ravel() == number
        spread = alike.std() or 1.0
        found[mine] = whole.mean() + whole.std() * (found[mine] - alike.mean()) / spread
    return found


def simulated_log_p(
    fitted: Fitted, holes: Bool[np.ndarray, "features"] | None = None, *, draws: int
) -> Float[np.ndarray, "m"]:
    """log p of rows that the model simulates, without the cells that are missing."""
    rows = simulated_rows(fitted, SIMULATED, seed=SEED)
    rows = rows if holes is None else rows.seen_as(np.broadcast_to(~holes, rows.values.shape))
    return log_p_of(fitted, rows, draws=draws, seed=0).astype(np.float64)


# With these rows of its own a pattern of holes has p-values from 0.005 on.
REFERENCE = 199


class OutlierPValues(NamedTuple):
    """Outlier p-values, and in a sentence what the rows were held against."""

    values: Float[np.ndarray, "n"]
    reference: str


def outlier_p_values(
    fitted: Fitted,
    X: Any,
    log_p: Float[np.ndarray, "n"],
    *,
    draws: int = 1000,
    seed: int = 0,
    on_block: Callable[[int, int], None] | None = None,
) -> OutlierPValues:
    """For each row of X the share of simulated rows that are less probable, see `taut.auditing.simulated_p_values`.

    `log_p` is that of the rows, from as many draws. Rows that lack other cells are not comparable: log p of few cells
    is higher. So each pattern of holes has a reference of its own: the same simulated rows without those cells. A row
    without any cell has 1.

    Raises OptionError where the model is given columns, since rows would have to be simulated for each of their values,
    and where holes depend on what they hide, since rows with these holes would then be others.
    """
    if fitted.missingness is not None:
        raise OptionError(
            "Outlier p-values want holes that are random; this model learned that they depend on what they hide; fit "
            "with `missing` at random."
        )
    if fitted.architecture.covariates:
        raise OptionError(
            "Outlier p-values want a model that is given nothing; this one is given columns; fit one without them."
        )
    holes = prepared_rows(fitted, X).holes()
    patterns, owners = np.unique(holes, axis=0, return_inverse=True)
    simulated = simulated_rows(fitted, REFERENCE, seed=seed)
    found = np.empty(len(holes))
    for number, pattern in enumerate(patterns):
        rows = simulated.seen_as(np.broadcast_to(~pattern, simulated.values.shape)) if pattern.any() else simulated
        # As the rows themselves were scored, which for new holes is not by the encoder.
        reference = log_p_of(fitted, rows, draws=draws, seed=seed)
        mine = owners.ravel() == number
        found[mine] = simulated_p_values(log_p[mine].astype(np.float64), reference.astype(np.float64))
        if pattern.all():
            found[mine] = 1.0
        if on_block is not None:
            on_block(number + 1, len(patterns))
    what = "" if len(patterns) == 1 and not patterns.any() else f", without the same cells ({len(patterns)} patterns)"
    return OutlierPValues(
        found, f"Each outlier p-value is against {REFERENCE} rows that the model simulates{what}; the least is 0.005."
    )
