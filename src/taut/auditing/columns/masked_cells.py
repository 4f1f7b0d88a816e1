"""Observed cells, masked and imputed: the coverage of intervals, and the error of the imputed values."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import jax.random as jr
import numpy as np
import scipy
from jaxtyping import Bool, Float, Int

from taut.auditing.imputation import ImputedRows, impute_rows
from taut.data import Column, kind_of
from taut.datum import as_datum
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.record import ColumnCalibration, Estimate, MaskedCells, Shape
from taut.shapes import DataLike, RandomKey

BINS = 10
# That a table all of whose columns are right has any column called otherwise; the bins of one column alike.
CHANCE = 0.05
FEWEST_PLACES = 30
SIMULATIONS = 5000
TAIL = 0.01
# A distance of distributions that is too small to matter, however many cells show it.
LEAST_KS = 0.05

Places = Float[np.ndarray, "cells"]


def calibration_of(places: Places, *, columns: int) -> ColumnCalibration | None:
    """The account of one of so many columns from the places of its cells, each from 0 to 1; None of very few cells.

    >>> import numpy as np
    >>> calibration_of(np.random.default_rng(0).uniform(size=400), columns=1).shape
    'right'
    >>> calibration_of(0.5 + 0.3 * np.random.default_rng(0).uniform(-1, 1, size=400), columns=1).shape
    'too wide'
    """
    if len(places) < FEWEST_PLACES:
        return None
    counts = np.bincount(np.minimum((places * BINS).astype(int), BINS - 1), minlength=BINS)
    found = scipy.stats.kstest(places, "uniform")
    return ColumnCalibration(
        cells=len(places),
        pit=counts.tolist(),
        band=_band(len(places)),
        ks=float(found.statistic),
        p_value=float(found.pvalue),
        inner=_share((places > 0.25) & (places < 0.75)),
        below=_share(places <= TAIL),
        above=_share(places >= 1.0 - TAIL),
        shape=shape_of(places, chance=CHANCE / columns),
    )


def shape_of(places: Places, *, chance: float) -> Shape:
    """How the places of cells differ from uniform ones, with this chance of saying so where they do not.

    Heavy tails: more cells than half in the middle half, and more in the outermost hundredths than a Gaussian has that
    is merely too wide by as much.
    """
    n = len(places)
    found = scipy.stats.kstest(places, "uniform")
    inner, below, above = _share((places > 0.25) & (places < 0.75)), _share(places <= TAIL), _share(places >= 1 - TAIL)
    off, spare = float(places.mean()) - 0.5, inner - 0.5
    sure, shift, spread = float(scipy.stats.norm.isf(chance / 2)), off * np.sqrt(12.0 * n), spare * 2.0 * np.sqrt(n)
    lopsided = (above - below) / np.sqrt(max(below + above, 2 * TAIL) / n)
    if (found.pvalue > chance or found.statistic < LEAST_KS) and abs(lopsided) < sure:
        return "right"
    # A shift, too, has more cells at one end; but then the others lie on that side as well.
    if abs(lopsided) >= sure and not (abs(shift) > sure and shift * lopsided > 0) and spread > -sure:
        return "long tail above" if above > below else "long tail below"
    if abs(shift) > max(sure, abs(spread)):
        return "shifted up" if off > 0 else "shifted down"
    if spread > sure:
        return "heavy tails" if _beyond_widening(inner, below + above, n) else "too wide"
    return "too narrow" if spread < -sure else "another shape"


def _beyond_widening(inner: float, tails: float, n: int) -> bool:
    widening = float(scipy.stats.norm.ppf(0.5 + inner / 2) / scipy.stats.norm.isf(0.25))
    expected = 2.0 * float(scipy.stats.norm.sf(scipy.stats.norm.isf(TAIL) * widening))
    # As a count, of which chance would exceed the expectation once in a hundred.
    return bool(scipy.stats.poisson.sf(round(tails * n) - 1, expected * n) < 0.01)


def _share(which: np.ndarray) -> float:
    return float(np.mean(which))


@functools.cache
def _band(cells: int) -> tuple[float, float]:
    """Counts between which all bins of a right column lie at once, with a chance of 95 %."""
    counts = np.random.default_rng(0).multinomial(cells, [1.0 / BINS] * BINS, size=SIMULATIONS)
    low = np.quantile(counts.min(axis=1), CHANCE / 2, method="lower")
    return float(low), float(np.quantile(counts.max(axis=1), 1.0 - CHANCE / 2, method="higher"))


LEVEL = 0.9
# A tenth of the cells is hidden at a time, and each cell at most once: in so many passes over the rows, that about
# `MOST_ROWS` rows are completed.
FOLDS, MOST_ROWS = 10, 500
FEWEST = 10

Cells = Float[np.ndarray, "n columns"]
Chosen = Bool[np.ndarray, "n columns"]


def scores_of_masked_cells(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    entries: Sequence[Column],
    places: Int[np.ndarray, "columns"],
    *,
    key: RandomKey,
) -> list[MaskedCells | None]:
    """For each column, at these `places` among the entries, the scores of imputing some of its observed cells, masked.

    None where too few were hidden.
    """
    data = as_datum(data)
    cells = np.asarray(data.with_nan(), np.float64)
    passes, seed = int(np.clip(MOST_ROWS // len(cells), 1, FOLDS)), np.asarray(jr.key_data(key)).ravel()
    masks = masks_of_cells(cells[:, places], passes=passes, seed=seed)
    hidden, truth = np.concatenate(masks), np.concatenate([cells] * len(masks))
    rows = data.take(np.tile(np.arange(len(cells)), len(masks)))
    observed = ~rows.holes()
    observed[:, places] &= ~hidden
    codes = tuple(len(entry.categories or ()) if kind_of(entry).coded else 0 for entry in entries)
    found = impute_rows(model, guide, rows.seen_as(observed), key=key, codes=codes, level=LEVEL)
    return [
        _one(entries[place], place, truth[mask, place], cells[:, place], found, mask)
        for place, mask in zip(places.tolist(), hidden.T, strict=True)
    ]


def masks_of_cells(cells: Cells, *, passes: int, seed: int | np.ndarray) -> list[Chosen]:
    """For each pass which observed cells to hide: a random tenth of each column, no cell twice.

    >>> masks = masks_of_cells(np.ones((20, 3)), passes=10, seed=0)
    >>> int(np.sum(masks)), int(np.sum(masks, axis=0).max())
    (60, 1)
    """
    draw = np.random.default_rng(seed)
    folds = np.full(cells.shape, -1)
    for place, column in enumerate(cells.T):
        observed = np.flatnonzero(~np.isnan(column))
        # In every column another cell of the fold is the first, so that no pass hides whole rows of a small table.
        folds[draw.permutation(observed), place] = (np.arange(len(observed)) + draw.integers(FOLDS)) % FOLDS
    return [folds == number for number in range(passes)]


def _one(
    column: Column,
    place: int,
    truth: Float[np.ndarray, "hidden"],
    known: np.ndarray,
    found: ImputedRows,
    at: np.ndarray,
) -> MaskedCells | None:
    n = len(truth)
    if n < FEWEST:
        return None
    observed = known[~np.isnan(known)]
    if kind_of(column).coded:
        right = found.mode[at, place] == truth
        usual = float(np.mean(truth == np.bincount(observed.astype(int)).argmax()))
        said, score, value = float(np.mean(found.chance[at, place])), "accuracy", float(np.mean(right))
    else:
        # A whole number at the end of its interval is in it, though rounding in single precision may say otherwise.
        slack = 1e-5 * np.abs(truth)
        right = (truth >= found.low[at, place] - slack) & (truth <= found.high[at, place] + slack)
        usual, value = (column.unit * _rmse(truth, middle) for middle in (observed.mean(), found.mean[at, place]))
        said, score = LEVEL, "rmse"
    share = float(np.mean(right))
    # As if one more were in and one more out: never zero.
    near = (share * n + 1.0) / (n + 2.0)
    covered = Estimate(
        value=share, std_error=math.sqrt(near * (1.0 - near) / (n + 2.0)), condition="binomial, of the hidden cells"
    )
    return MaskedCells(cells=n, said=said, covered=covered, score=score, value=value, baseline=usual)


def _rmse(truth: np.ndarray, middle: np.ndarray | float) -> float:
    return float(np.sqrt(np.mean((truth - middle) ** 2)))
