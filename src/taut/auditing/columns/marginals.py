"""Each column among the rows and among rows drawn from the model: shares, and how far they are apart."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import scipy
from jaxtyping import Float

from taut.data import Column, kind_of
from taut.record import Marginal

BINS, MOST_LABELS = 20, 12
# Numbers beyond these quantiles of both sides together are counted in the outer bins.
RANGE = (0.005, 0.995)

Cells = Float[np.ndarray, "cells"]
Synthetic = Float[np.ndarray, "m"]


def marginal_of(column: Column, real: Cells, synthetic: Synthetic) -> Marginal | None:
    """The two distributions of a column, coded as by `taut.data.encode`; None where a side has no observed cell.

    >>> column = Column(name="a", kind="binary", family="bernoulli", categories=["no", "yes"])
    >>> found = marginal_of(column, np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 1.0]))
    >>> found.labels, found.real, found.synthetic, found.distance
    (['no', 'yes'], [0.75, 0.25], [0.5, 0.5], 0.25)
    """
    real, synthetic = (cells[~np.isnan(cells)] for cells in (real, synthetic))
    if not len(real) or not len(synthetic):
        return None
    return (_of_categories if kind_of(column).coded else _of_numbers)(column, real, synthetic)


def _of_categories(column: Column, real: Cells, synthetic: Synthetic) -> Marginal:
    labels = [str(label) for label in column.categories or []]
    counts = np.stack([np.bincount(cells.astype(int), minlength=len(labels)) for cells in (real, synthetic)])
    there = counts[:, counts.sum(axis=0) > 0]
    test: Any = scipy.stats.chi2_contingency(there) if there.shape[1] > 1 else None
    shares = counts / counts.sum(axis=1, keepdims=True)
    distance = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    if len(labels) > MOST_LABELS:
        # Levels stay in their order; of categories the most frequent are shown.
        order = np.arange(len(labels)) if kind_of(column).codes == "ordered" else np.argsort(-shares[0], kind="stable")
        kept, rest = order[: MOST_LABELS - 1], order[MOST_LABELS - 1 :]
        labels = [*(labels[code] for code in kept), f"{len(rest)} others"]
        shares = np.concatenate([shares[:, kept], shares[:, rest].sum(axis=1, keepdims=True)], axis=1)
    return Marginal(
        labels=labels,
        edges=None,
        ends=(labels[0], labels[-1]),
        real=_short(shares[0]),
        synthetic=_short(shares[1]),
        distance=distance,
        p_value=1.0 if test is None else float(test.pvalue),
    )


def _of_numbers(column: Column, real: Cells, synthetic: Synthetic) -> Marginal:
    both = np.concatenate([real, synthetic])
    low, high = (float(end) for end in np.quantile(both, RANGE))
    edges = np.linspace(low, high, BINS + 1) if high > low else low + np.linspace(-0.5, 0.5, BINS + 1)
    if kind_of(column).counts and edges[-1] - edges[0] < BINS:
        edges = np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    shares = [np.histogram(np.clip(cells, edges[0], edges[-1]), edges)[0] / len(cells) for cells in (real, synthetic)]
    # Real numbers were rounded and the model's were not: ties would be called a distance.
    apart: Any = scipy.stats.ks_2samp(_unrounded(real, column), _unrounded(synthetic, column), method="asymp")
    whole = np.asarray(edges, np.float64) * column.unit + column.offset
    return Marginal(
        labels=None,
        edges=[float(f"{edge:.6g}") for edge in whole],
        ends=(_text(column, whole[0]), _text(column, whole[-1])),
        real=_short(shares[0]),
        synthetic=_short(shares[1]),
        distance=float(apart.statistic),
        p_value=float(apart.pvalue),
    )


def _unrounded(cells: Cells, column: Column) -> Cells:
    step = (column.resolution or (1.0 if kind_of(column).counts else 0.0)) / column.unit
    return cells + step * (np.random.default_rng(0).random(len(cells)) - 0.5)


def _text(column: Column, value: float) -> str:
    if kind_of(column).reads != "dates":
        return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e7 else f"{value:.0f}"
    # The calendar ends at the years 1 and 9999, a model's tails may not.
    days = float(np.clip(value, -719_162, 2_932_896))
    return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=round(days)))


def _short(shares: np.ndarray) -> list[float]:
    return [round(float(share), 6) for share in shares]
