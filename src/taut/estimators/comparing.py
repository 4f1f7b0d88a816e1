"""log p(x) of rows that lack other cells, on one scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from taut.estimators.evaluation import simulated_rows
from taut.estimators.scoring import log_p_of, scored_rows
from taut.estimators.training import Fitted

# Simulated rows that stand for a pattern of holes: their mean and deviation are known to about a tenth of the latter.
REFERENCE = 200
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
    rows = simulated_rows(fitted, REFERENCE, seed=SEED)
    rows = rows if holes is None else rows.seen_as(np.broadcast_to(~holes, rows.values.shape))
    return log_p_of(fitted, rows, draws=draws, seed=0).astype(np.float64)
