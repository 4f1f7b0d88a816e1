"""Two models on the same rows."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from taut.auditing.rows import RowResult
from taut.errors import AuditError


class Difference(NamedTuple):
    """Mean of log p_first(x) − log p_second(x) over the rows, in nats.

    `std_error` covers the rows as a sample and the draws; `wins` is the fraction of rows that the first explains
    better. Both sides are importance-weighted values, each below its log p(x) in expectation, so that the difference
    has no direction.
    """

    mean: float
    std_error: float
    wins: float
    rows: int


def paired_difference(first: RowResult, second: RowResult) -> Difference:
    """The paired difference of two accounts of the same rows.

    The spread of the row differences contains the noise of the draws already, so that s²/n counts both.
    Raises AuditError where the accounts have different rows, or one row only.
    """
    if len(first.log_p) != len(second.log_p) or len(first.log_p) < 2:
        raise AuditError(
            f"A comparison wants the same rows for both, at least two; got {len(first.log_p)} and {len(second.log_p)}; "
            "score both models on one data set."
        )
    differences: Float[np.ndarray, "n"] = first.log_p.astype(np.float64) - second.log_p
    n = len(differences)
    return Difference(
        mean=float(differences.mean()),
        std_error=float(differences.std(ddof=1)) / math.sqrt(n),
        wins=float(np.mean(differences > 0)),
        rows=n,
    )
