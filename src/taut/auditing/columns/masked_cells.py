"""Observed cells, masked and imputed: the coverage of intervals, and the error of the imputed values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax.random as jr
import numpy as np
from jaxtyping import Bool, Float, Int

from taut.auditing.imputation import ImputedRows, impute_rows
from taut.data import Column, kind_of
from taut.datum import as_datum
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.record import Estimate, MaskedCells
from taut.shapes import DataLike, RandomKey

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
