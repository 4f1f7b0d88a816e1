"""How much columns go together, pair by pair: in the data, and in what the model makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float

from taut.data import Column, kind_of
from taut.record import Dependence, PairDifference

# Columns in the two matrices; pairs that are named.
MOST_COLUMNS, MOST_PAIRS = 40, 10
# A pair of columns wants so many rows in which both are observed.
FEWEST = 20

Cells = Float[np.ndarray, "n columns"]
Square = Float[np.ndarray, "columns columns"]


class Pairs(NamedTuple):
    """Association of all pairs of columns; a pair with too few rows, or a column that is constant, has 0."""

    real: Square
    synthetic: Square


def pairs_of(columns: Sequence[Column], real: Cells, synthetic: Cells) -> Pairs:
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


def _associations(columns: Sequence[Column], cells: Cells, cuts: list[np.ndarray]) -> Square:
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


def _spearman(cells: Cells) -> Square:
    """Correlation of ranks among the observed cells of each column, over the rows in which both are observed."""
    observed = (~np.isnan(cells)).astype(np.float64)
    ranks = np.stack([_ranks(column) for column in cells.T], axis=1)
    n = observed.T @ observed
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (ranks.T @ observed) / n
        square = (ranks**2).T @ observed / n - mean**2
        found = ((ranks.T @ ranks) / n - mean * mean.T) / np.sqrt(square * square.T)
    return np.where((n >= FEWEST) & np.isfinite(found), np.clip(found, -1.0, 1.0), 0.0)


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
    if n < FEWEST or min(rows, columns) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    squared = float(((table - expected) ** 2 / expected).sum() / n)
    corrected = max(0.0, squared - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return round(float(np.sqrt(min(corrected / least, 1.0))), 6)


def _rounded(square: Square) -> list[list[float]]:
    return [[round(float(value), 3) for value in row] for row in square]
