"""Whether probability integral transforms of cells are uniform, and if not, which way they differ."""

from __future__ import annotations

import functools

import numpy as np
import scipy
from jaxtyping import Float

from taut.record import ColumnCalibration, Shape

BINS = 10
# That a table all of whose columns are right has any column called otherwise; the bins of one column alike.
CHANCE = 0.05
FEWEST = 30
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
    if len(places) < FEWEST:
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
