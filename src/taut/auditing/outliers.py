"""Outliers: rows that are improbable compared with rows simulated from the model."""

import math

import numpy as np
from jaxtyping import Float, Int

from taut.errors import AuditError
from taut.record import Outliers

# The tail that a row must lie in to count, and how many rows are named.
TAIL, MOST_NAMED = 0.01, 20
# A regret that is infinite, or is not a number, counts as this many nats: the ledger holds finite numbers only.
LARGEST_REGRET = 1e9


def simulated_p_values(log_p: Float[np.ndarray, "n"], reference: Float[np.ndarray, "m"]) -> Float[np.ndarray, "n"]:
    """For each row the share of rows simulated from the model that are less probable: a small one is an outlier.

        p_n = (1 + #{m : reference_m ≤ log p(x_n)}) / (M + 1)

    `reference` is log p of M rows simulated from the model, in nats, estimated in the same way and with as many draws
    as `log_p`: its bias must be theirs. The row counts as one of its own kind, so that p_n is never zero and, for a row
    that did come from the model, P(p_n ≤ u) ≤ u for every u (Davison & Hinkley 1997, Bootstrap Methods, §4.2).
    One that is only *more* probable than all the simulated ones (p_n = 1) is not an outlier.

    Raises AuditError where there is no reference, or a value is not a number.

    >>> import numpy as np
    >>> simulated_p_values(np.array([-9.0, -1.5, 0.0]), np.array([-1.0, -2.0, -3.0])).tolist()
    [0.25, 0.75, 1.0]
    """
    bad = int(np.isnan(log_p).sum() + np.isnan(reference).sum())
    if len(reference) == 0 or bad:
        raise AuditError(
            f"Outlier p-values want log p of simulated rows, all of them numbers; got {len(reference)} and {bad} NaN "
            "in all; simulate rows and score them as the others."
        )
    below = np.searchsorted(np.sort(reference), log_p, side="right")
    return (1.0 + below) / (len(reference) + 1.0)


def outliers_among(
    p_values: Float[np.ndarray, "n"],
    regrets: Float[np.ndarray, "n"],
    reference_regrets: Float[np.ndarray, "m"],
    rows: Int[np.ndarray, "n"],
) -> Outliers:
    """The share of rows in the last hundredth of what the model makes: by log p(x), and by likelihood regret.

    Likelihood regret is what a row gains by a posterior of its own: high where the encoder has seen nothing like it,
    even if log p(x) is not low (Xiao et al. 2020, arXiv:2003.02977). `regrets` and `reference_regrets` are those of the
    rows and of rows simulated from the model, measured alike; `rows` are the numbers that the rows are known by. Each
    share is below one hundredth, in expectation, for rows that did come from the model:

        p_n ≤ 0.01,  and  regret_n > the ⌈0.99 (M + 1)⌉-th smallest reference (or the largest, where M < 99)

    Raises AuditError where there is no reference.

    >>> import numpy as np
    >>> found = outliers_among(np.array([0.5, 0.01]), np.array([0.2, 7.0]), np.arange(1, 200) / 100, np.array([4, 8]))
    >>> found.improbable, found.regret, found.regretful, found.rows
    (0.5, 1.98, 0.5, [8])
    """
    count = len(reference_regrets)
    if count == 0:
        raise AuditError("Outliers want regrets of simulated rows; got none; simulate rows and score them alike.")
    own, reference = (
        np.nan_to_num(values.astype(np.float64), nan=LARGEST_REGRET).clip(-LARGEST_REGRET, LARGEST_REGRET)
        for values in (regrets, reference_regrets)
    )
    # As an order statistic, and not interpolated: exact for rows exchangeable with the reference, whatever their law.
    place = min(math.ceil((1.0 - TAIL) * (count + 1)), count)
    regret = float(np.sort(reference)[place - 1])
    worst = np.argsort(-own, kind="stable")[:MOST_NAMED]
    return Outliers(
        reference=count,
        improbable=float(np.mean(p_values <= TAIL)),
        regret=regret,
        regretful=float(np.mean(own > regret)),
        rows=[int(rows[place]) for place in worst if own[place] > regret],
    )
