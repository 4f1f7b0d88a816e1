"""Columns among the rows and among rows drawn from the model: one by one, and pair by pair."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy
from jaxtyping import Float

from taut.data import Column, kind_of
from taut.record import Dependence, Marginal, PairDifference

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


# Columns in the two matrices; pairs that are named.
MOST_COLUMNS, MOST_PAIRS = 40, 10
# A pair of columns wants so many rows in which both are observed.
FEWEST_PAIRS = 20

Columns = Float[np.ndarray, "n columns"]
Square = Float[np.ndarray, "columns columns"]


class Pairs(NamedTuple):
    """Association of all pairs of columns; a pair with too few rows, or a column that is constant, has 0."""

    real: Square
    synthetic: Square


def pairs_of(columns: Sequence[Column], real: Columns, synthetic: Columns) -> Pairs:
    """The association of all pairs, on both sides."""
    cuts = [_cuts(column, real[:, place]) for place, column in enumerate(columns)]
    return Pairs(_associations(columns, real, cuts), _associations(columns, synthetic, cuts))


def dependence_of(columns: Sequence[Column], pairs: Pairs) -> Dependence | None:
    """The matrices of the columns that go most with some other, and the pairs that differ most; None of one column."""
    if len(columns) < 2:
        return None
    strongest = np.max(np.abs(pairs.real), axis=1)
    shown = np.sort(np.argsort(-strongest, kind="stable")[:MOST_COLUMNS])
    first, second = np.triu_indices(len(columns), 1)
    apart = np.abs(pairs.real - pairs.synthetic)[first, second]
    worst = np.argsort(-apart, kind="stable")[:MOST_PAIRS]
    return Dependence(
        columns=[columns[place].name for place in shown],
        real=_rounded(pairs.real[np.ix_(shown, shown)]),
        synthetic=_rounded(pairs.synthetic[np.ix_(shown, shown)]),
        largest=[
            PairDifference(
                first=columns[int(first[place])].name,
                second=columns[int(second[place])].name,
                real=round(float(pairs.real[first[place], second[place]]), 4),
                synthetic=round(float(pairs.synthetic[first[place], second[place]]), 4),
            )
            for place in worst
        ],
    )


def _associations(columns: Sequence[Column], cells: Columns, cuts: list[np.ndarray]) -> Square:
    found = _spearman(cells)
    coded = [kind_of(column).codes == "unordered" for column in columns]
    if any(coded):
        codes = [_codes(column, cells[:, place], cuts[place]) for place, column in enumerate(columns)]
        for i in np.flatnonzero(coded):
            for j in range(len(columns)):
                if j != i:
                    found[i, j] = found[j, i] = cramers_v(codes[i], codes[j])
    np.fill_diagonal(found, 0.0)
    return found


def _spearman(cells: Columns) -> Square:
    """Correlation of ranks among the observed cells of each column, over the rows in which both are observed."""
    observed = (~np.isnan(cells)).astype(np.float64)
    ranks = np.stack([_ranks(column) for column in cells.T], axis=1)
    n = observed.T @ observed
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (ranks.T @ observed) / n
        square = (ranks**2).T @ observed / n - mean**2
        found = ((ranks.T @ ranks) / n - mean * mean.T) / np.sqrt(square * square.T)
    return np.where((n >= FEWEST_PAIRS) & np.isfinite(found), np.clip(found, -1.0, 1.0), 0.0)


def _ranks(column: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Ranks from −½ to ½, 0 where a cell is missing."""
    there = ~np.isnan(column)
    ranks = np.zeros(len(column))
    if there.any():
        ranks[there] = (scipy.stats.rankdata(column[there]) - 0.5) / there.sum() - 0.5
    return ranks


def _cuts(column: Column, cells: Float[np.ndarray, "n"]) -> np.ndarray:
    if column.categories is not None or not (~np.isnan(cells)).any():
        return np.empty(0)
    return np.unique(np.nanquantile(cells, [0.25, 0.5, 0.75]))


def _codes(column: Column, cells: Float[np.ndarray, "n"], cuts: np.ndarray) -> Float[np.ndarray, "n codes"]:
    """An indicator for each category, or for each quarter of the data's numbers; a missing cell has none."""
    codes = cells if column.categories is not None else np.searchsorted(cuts, cells, side="left")
    count = len(column.categories or ()) or len(cuts) + 1
    return ((codes[:, None] == np.arange(count)) & ~np.isnan(cells)[:, None]).astype(np.float64)


def cramers_v(first: Float[np.ndarray, "n one"], second: Float[np.ndarray, "n other"]) -> float:
    """Cramér's V of two columns of indicators, corrected for what chance alone would give.

    References: Bergsma 2013, A bias-correction for Cramér's V and Tschuprow's T, J. Korean Stat. Soc. 42.

    >>> one = np.eye(2)[np.arange(100) % 2]
    >>> cramers_v(one, one), cramers_v(one, np.eye(2)[np.arange(100) // 50])
    (1.0, 0.0)
    """
    table = first.T @ second
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (rows, columns) = table.sum(), table.shape
    if n < FEWEST_PAIRS or min(rows, columns) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    squared = float(((table - expected) ** 2 / expected).sum() / n)
    corrected = max(0.0, squared - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return round(float(np.sqrt(min(corrected / least, 1.0))), 6)


def _rounded(square: Square) -> list[list[float]]:
    return [[round(float(value), 3) for value in row] for row in square]
