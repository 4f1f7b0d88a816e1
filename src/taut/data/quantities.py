"""Columns of numbers that have a density: any real numbers, positive ones, and those between two ends."""

import re

import numpy as np
import pyarrow as pa

from taut.data.cells import Cells
from taut.data.counting import no_count
from taut.data.decoding import decode_numbers, decode_whole_numbers
from taut.data.kinds import Kind
from taut.data.moments import HEAVY_TAIL_KURTOSIS, excess_kurtosis, skewness
from taut.data.phrases import rounded
from taut.data.schema import Column
from taut.data.units import Scale, scale_of

_NAME_OF_SHARE = re.compile(r"(?:^|[_\W])(?:share|rate|ratio|prob|probability|fraction|proportion|prop)(?:$|[_\W])")


def _infer_bounded(cells: Cells) -> Column | None:
    if not cells.is_quantity or cells.came == "duration" or cells.is_whole:
        return None
    least, most = cells.observed.min(), cells.observed.max()
    named = bool(_NAME_OF_SHARE.search(cells.name.lower()))
    if not (least > 0 and most < 1 and (named or (least < 0.25 and most > 0.75))):
        return None
    return Column(
        name=cells.name, kind="bounded", family="logit-normal", reason="numbers between 0 and 1", low=0.0, high=1.0
    )


def _infer_positive(cells: Cells) -> Column | None:
    """Numbers above 0 whose long right tail is none in logarithms."""
    if not cells.is_quantity or cells.observed.min() <= 0 or not _is_finite(cells):
        return None
    values = cells.observed.astype(np.float64)
    skewed = skewness(values)
    if skewed <= 1 and values.max() <= 10 * np.median(values):
        return None
    after = skewness(np.log(values))
    # Far from 0 a logarithm is nearly a straight line, and helps nothing.
    if abs(after) >= 0.9 * skewed:
        return None
    tail = f"positive with a long right tail (skewness {rounded(skewed)}, {rounded(after)} in logs)"
    return Column(name=cells.name, kind="positive", family="log-normal", reason=f"{_described(cells)}, {tail}")


def _infer_real(cells: Cells) -> Column | None:
    if not cells.is_quantity:
        return None
    if not _is_finite(cells):
        # Only where nobody minds, because the column is ignored.
        return Column(name=cells.name, kind="real", family="gaussian", reason="numbers, some infinite")
    what, kurtosis = _described(cells), excess_kurtosis(cells.observed)
    if kurtosis > HEAVY_TAIL_KURTOSIS:
        reason = f"{what}, with heavy tails (excess kurtosis {rounded(kurtosis)})"
        return Column(name=cells.name, kind="real", family="student-t", reason=reason)
    return Column(name=cells.name, kind="real", family="gaussian", reason=f"{what}, without heavy tails")


def _is_finite(cells: Cells) -> bool:
    return bool(np.isfinite(cells.observed).all())


def _described(cells: Cells) -> str:
    """What the numbers are, for a reason."""
    values = cells.observed.astype(np.float64)
    least, most = values.min(), values.max()
    if cells.came == "duration":
        return "durations in seconds"
    if cells.is_whole:
        why = "some negative" if least < 0 else no_count(values)
        return f"whole numbers, {why}: a density of whole numbers"
    if least >= 0 and most <= 1 and (least == 0 or most == 1):
        return "numbers from 0 to 1, an end included"
    return "numbers, some negative" if least < 0 else "numbers, some 0" if least == 0 else "numbers"


def _real_family(cells: Cells) -> str:
    return "student-t" if excess_kurtosis(cells.observed) > HEAVY_TAIL_KURTOSIS else "gaussian"


def _decode_real(column: Column, coded: np.ndarray, as_cells: bool) -> pa.Array:
    if column.dtype == "integer":
        return decode_whole_numbers(column, coded)
    return decode_numbers(column, coded, as_cells)


def _decode_positive(column: Column, coded: np.ndarray, as_cells: bool) -> pa.Array:
    # A positive whole number must not be rounded to the 0 that it cannot be.
    return decode_numbers(column, coded, as_cells, low=0.0, least_whole=1.0)


def _decode_bounded(column: Column, coded: np.ndarray, as_cells: bool) -> pa.Array:
    low, high = ends(column)
    return decode_numbers(column, coded, as_cells, low=low, high=high)


def ends(column: Column) -> tuple[float, float]:
    """The ends of a bounded column."""
    return 0.0 if column.low is None else column.low, 1.0 if column.high is None else column.high


REAL = Kind(
    name="real",
    infer=_infer_real,
    families=("gaussian", "student-t", "mixture"),
    choose_family=_real_family,
    scale=lambda cells, column: scale_of(cells.observed),
    decode=_decode_real,
)
POSITIVE = Kind(
    name="positive",
    infer=_infer_positive,
    families=("log-normal",),
    values=lambda column: "numbers above 0",
    within=lambda column, numbers: numbers > 0,
    above_zero=True,
    # The median is the unit.
    scale=lambda cells, column: Scale(0.0, float(np.quantile(cells.observed, 0.5, method="lower"))),
    decode=_decode_positive,
)
BOUNDED = Kind(
    name="bounded",
    infer=_infer_bounded,
    families=("logit-normal", "beta"),
    values=lambda column: "numbers between {} and {}".format(*ends(column)),
    within=lambda column, numbers: (numbers > ends(column)[0]) & (numbers < ends(column)[1]),
    bounded=True,
    scale=lambda cells, column: Scale(ends(column)[0], ends(column)[1] - ends(column)[0]),
    decode=_decode_bounded,
)
