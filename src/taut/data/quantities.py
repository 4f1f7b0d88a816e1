"""Which kind of number a column holds: counts, levels, positive or any real numbers, shares, or row numbers."""

import re

import numpy as np

from taut.data.cells import Cells
from taut.data.choices import Choice, distinct, rounded
from taut.data.counting import count_family, no_count

_NAME_OF_KEY = re.compile(r"(?:^|[_\W])(?:ids?|key|uuid|guid|index|idx|nr|no|number|row|rownames)$|[a-z]I[dD]$")
_NAME_OF_SHARE = re.compile(r"(?:^|[_\W])(?:share|rate|ratio|prob|probability|fraction|proportion|prop)(?:$|[_\W])")
_NAME_OF_YEAR = re.compile(r"(?:^|[_\W])(?:year|jahr|yr)(?:$|[_\W])")
# Fewer rows than this are too few to call distinct numbers a key.
_MANY_ROWS = 20
_MOST_LEVELS = 12


def choose_whole(cells: Cells) -> Choice:
    """The kind of a column of whole numbers with more than two different ones."""
    values, levels = cells.observed.astype(np.float64), distinct(cells)
    if _is_key(cells.name, values, len(levels)):
        return Choice(kind="identifier", reason=f"{len(levels)} whole numbers, all distinct: a key, not a quantity")
    if _are_levels(values, levels):
        reason = f"{len(levels)} whole numbers from {levels[0]} to {levels[-1]}: ordered levels"
        return Choice(kind="ordinal", family="ordered-logit", reason=reason, categories=levels)
    if values.min() < 0:
        return density(values, "whole numbers, some negative: a density of whole numbers")
    if why := no_count(values):
        return density(values, f"whole numbers, {why}: a density of whole numbers")
    family, clause = count_family(values)
    return Choice(kind="count", family=family, reason=f"whole numbers from 0 up, {clause}")


def choose_float(cells: Cells) -> Choice:
    """The kind of a column of numbers, some with digits behind the point."""
    values = cells.observed.astype(np.float64)
    if not np.isfinite(values).all():
        # Only where nobody minds, because the column is ignored.
        return Choice(kind="real", family="gaussian", reason="numbers, some infinite")
    least, most = values.min(), values.max()
    if max(-least, most) >= 2.0**53 and np.all(values == np.floor(values)):
        different = len(np.unique(values))
        if _is_key(cells.name, values, different):
            return Choice(kind="identifier", reason=f"{different} whole numbers, all distinct: a key, not a quantity")
    named = bool(_NAME_OF_SHARE.search(cells.name.lower()))
    if least > 0 and most < 1 and (named or (least < 0.25 and most > 0.75)):
        return Choice(kind="bounded", family="logit-normal", reason="numbers between 0 and 1", low=0.0, high=1.0)
    if least >= 0 and most <= 1 and (least == 0 or most == 1):
        return density(values, "numbers from 0 to 1, an end included")
    return density(values, "numbers, some negative" if least < 0 else "numbers, some 0" if least == 0 else "numbers")


def heavy_tails(values: np.ndarray) -> bool:
    """Whether the excess kurtosis is above 6, that of a double exponential being 3."""
    return _moment(values, 4) - 3 > 6


def density(values: np.ndarray, what: str) -> Choice:
    """The kind of numbers that have a density: positive where a long right tail is none in logarithms, else real."""
    skewness = _moment(values, 3)
    if values.min() > 0 and (skewness > 1 or values.max() > 10 * np.median(values)):
        after = _moment(np.log(values), 3)
        # Far from 0 a logarithm is nearly a straight line, and helps nothing.
        if abs(after) < 0.9 * skewness:
            reason = f"{what}, positive with a long right tail (skewness {rounded(skewness)}, {rounded(after)} in logs)"
            return Choice(kind="positive", family="log-normal", reason=reason)
    if heavy_tails(values):
        reason = f"{what}, with heavy tails (excess kurtosis {rounded(_moment(values, 4) - 3)})"
        return Choice(kind="real", family="student-t", reason=reason)
    return Choice(kind="real", family="gaussian", reason=f"{what}, without heavy tails")


def _is_key(name: str, values: np.ndarray, different: int) -> bool:
    if different < len(values) or len(values) < _MANY_ROWS or _NAME_OF_YEAR.search(name.lower()):
        return False
    # Every second number of the range, never twice: what is left of row numbers when rows are held out.
    consecutive = np.ptp(values) + 1 <= 2 * len(values)
    return bool(consecutive) or bool(_NAME_OF_KEY.search(name) or _NAME_OF_KEY.search(name.lower()))


def _are_levels(values: np.ndarray, levels: list[int]) -> bool:
    """Whether there are few whole numbers with hardly a gap, each of which comes back."""
    few = len(levels) <= _MOST_LEVELS and levels[-1] - levels[0] + 1 <= 1.5 * len(levels)
    return few and len(values) >= 2 * len(levels) and not _thins_out(values)


def _thins_out(values: np.ndarray) -> bool:
    """Whether the numbers start at 0, pile up low and become rare at the top, as counts do and ratings do not."""
    if values.min() != 0 or values.max() < 4 or len(values) < 30:
        return False
    frequencies = np.bincount(values.astype(np.int64))
    return bool(np.argmax(frequencies) < len(frequencies) / 2 and frequencies[-1] * 4 <= frequencies.max())


def _moment(values: np.ndarray, power: int) -> float:
    """The standardised moment: skewness for 3, kurtosis for 4; 0 where nothing varies."""
    # Scaled first, because powers of huge numbers overflow.
    scaled = values / max(np.abs(values).max(), np.finfo(float).tiny)
    scaled = scaled - scaled.mean()
    spread = scaled.std()
    return float(np.mean((scaled / spread) ** power)) if spread > 0 else 0.0
