"""Rows, and the data set, beside what the model simulates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num

from taut.errors import AuditError
from taut.record import Outliers, Predictive

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


RESAMPLES = 1000
# Statistics of single features use at most this many features, chosen by the seed.
MOST_FEATURES = 50
OUTSIDE = 0.02

Rows = Float[np.ndarray, "n features"]
Pool = Float[np.ndarray, "m features"]
Weights = Float[np.ndarray, "sets n"]
Values = Float[np.ndarray, "sets"]


class Statistic(NamedTuple):
    """A statistic with what it is computed from: `of(rows, weights)`, one value for each set of weights of the rows."""

    name: str
    of: Callable[[Rows, Weights], Values]
    data: Rows
    simulated: Pool


def predictive_checks(
    data: Num[np.ndarray, "n features"], simulated: Num[np.ndarray, "m features"], *, seed: int = 0
) -> list[Predictive]:
    """Each statistic of the data, and its 98 % range over data sets of n rows that the model might have made.

    With T_n of n rows and T_M of the pool of M simulated ones, T_n − T_M has two errors: of a data set of n rows, and
    of a pool that is finite. Both are bootstrapped from the pool: n of its rows with replacement make a data set,
    independently M of them another pool, and the range is T_M + the 1 % and 99 % quantiles of T*_n − T*_M.
    A bootstrap is not exact: of data sets from the model itself 93 to 99 % are inside, fewest under heavy tails.

    Whole numbers on both sides keep their units, and have no kurtosis, which would only say how lumpy they are. Other
    features are divided by the width of their middle half, the mean of both sides, and where it does not vary they are
    left out, except from zeros: a small pool has too few values there. A statistic for which nothing is left
    is not returned; none is where a number is not finite or there is one row only.

    >>> import numpy as np
    >>> draw = np.random.default_rng(0)
    >>> spread = predictive_checks(draw.normal(scale=2.0, size=(300, 4)), draw.normal(size=(256, 4)))[0]
    >>> spread.statistic, spread.observed > spread.high
    ('spread', True)
    """
    data, simulated = np.asarray(data, np.float64), np.asarray(simulated, np.float64)
    finite = bool(np.isfinite(data).all() and np.isfinite(simulated).all())
    if not finite or min(len(data), len(simulated)) < 2:
        return []
    draw = np.random.default_rng(seed)
    pool = len(simulated)
    sets = [draw.multinomial(rows, np.full(pool, 1.0 / pool), RESAMPLES) / rows for rows in (len(data), pool)]
    return [_check(statistic, *sets) for statistic in _statistics(data, simulated, draw)]


def _check(statistic: Statistic, as_data: Weights, as_pool: Weights) -> Predictive:
    observed, reference = (
        float(statistic.of(rows, np.full((1, len(rows)), 1.0 / len(rows)))[0])
        for rows in (statistic.data, statistic.simulated)
    )
    moved = statistic.of(statistic.simulated, as_data) - statistic.of(statistic.simulated, as_pool)
    low, high = (reference + float(q) for q in np.quantile(moved, [OUTSIDE / 2, 1 - OUTSIDE / 2]))
    return Predictive(statistic=statistic.name, observed=observed, simulated=reference, low=low, high=high)


def _statistics(data: Rows, simulated: Pool, draw: np.random.Generator) -> list[Statistic]:
    whole = np.array_equal(data, np.round(data)) and np.array_equal(simulated, np.round(simulated))
    units = _changing(data, simulated) if whole else _middles(data, simulated)
    used = units > 0
    scaled = [rows[:, used] / units[used] for rows in (data, simulated)]
    some = np.sort(draw.permutation(int(used.sum()))[:MOST_FEATURES])
    found = []
    if used.any():
        found.append(Statistic("spread", mean_spread, *(rows[:, some] for rows in scaled)))
    if used.any() and not whole:
        found.append(Statistic("kurtosis", mean_kurtosis, *(rows[:, some] for rows in scaled)))
    zeros = [np.mean(rows == 0, axis=1, keepdims=True) for rows in (data, simulated)]
    if any(share.any() for share in zeros):
        found.append(Statistic("zeros", lambda rows, weights: weights @ rows[:, 0], *zeros))
    # Of one feature its total is itself.
    if used.sum() > 1:
        found.append(Statistic("row totals", mean_spread, *(rows.sum(axis=1, keepdims=True) for rows in scaled)))
    return found


def _changing(data: Rows, simulated: Pool) -> Float[np.ndarray, "features"]:
    """1 for a feature that is not constant on both sides, else 0."""
    return ((np.ptp(data, axis=0) > 0) | (np.ptp(simulated, axis=0) > 0)).astype(np.float64)


def _middles(data: Rows, simulated: Pool) -> Float[np.ndarray, "features"]:
    """The width of each feature's middle half, the mean of both sides, or 0 where one of them is 0."""
    quartiles = [np.quantile(rows, [0.25, 0.75], axis=0) for rows in (data, simulated)]
    widths = np.stack([high - low for low, high in quartiles])
    return np.where(widths.min(axis=0) > 0, widths.mean(axis=0), 0.0)


def l_moments(column: Float[np.ndarray, "n"], weights: Weights) -> tuple[Values, Values]:
    """Second and fourth L-moments of weighted values.

        λ_r = ∫ Q(u) P*_{r−1}(u) du = −Σ_i (x_(i+1) − x_(i)) ∫_0^{u_i} P*_{r−1}(u) du

    P* are the shifted Legendre polynomials (Hosking 1990, eq. 2.2), u_i the weight up to the i-th smallest value.

    >>> import numpy as np
    >>> second, fourth = l_moments(np.arange(1001.0), np.full((1, 1001), 1 / 1001))
    >>> round(float(second[0]) / 1001, 4), abs(round(float(fourth[0]) / 1001, 4))  # uniform: a sixth, and none
    (0.1667, 0.0)
    """
    order = np.argsort(column, kind="stable")
    gaps = np.diff(column[order])
    u = np.cumsum(weights[:, order[:-1]], axis=1)
    tail = u * (1.0 - u)
    return tail @ gaps, (tail * (1.0 - 5.0 * tail)) @ gaps


def mean_spread(rows: Rows, weights: Weights) -> Values:
    """λ₂ of every column, averaged: for one Gaussian column σ/√π."""
    return np.mean([l_moments(column, weights)[0] for column in rows.T], axis=0)


def mean_kurtosis(rows: Rows, weights: Weights) -> Values:
    """τ₄ = λ₄/λ₂ of every column, averaged; a column that is constant in a set counts as 0."""
    pairs = (l_moments(column, weights) for column in rows.T)
    return np.mean(
        [np.divide(fourth, second, out=np.zeros_like(second), where=second > 0) for second, fourth in pairs], 0
    )
