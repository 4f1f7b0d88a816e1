"""Columns that have a density: real, positive and bounded numbers, and dates."""

import re

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Shaped

from taut.data.categories import no_count
from taut.data.cells import MICROSECONDS, Cells
from taut.data.decoding import decode_dates, decode_numbers, decode_whole_numbers
from taut.data.kinds import Kind
from taut.data.numerals import functions
from taut.data.read_errors import rounded
from taut.data.schema import Column
from taut.data.units import Scale, differences, scale_of

HEAVY_TAIL_KURTOSIS = 6.0
"""From this kurtosis on a column has heavy tails; that of a double exponential is 3."""


def skewness(values: Shaped[np.ndarray, "n"]) -> float:
    """E[(x − μ)³]/σ³; 0 where nothing varies.

    >>> skewness(np.array([0.0, 0.0, 3.0]))
    0.7071
    """
    return _moment("skew", values)


def excess_kurtosis(values: Shaped[np.ndarray, "n"]) -> float:
    """E[(x − μ)⁴]/σ⁴ − 3, which is 0 for a Gaussian; 0 where nothing varies.

    >>> excess_kurtosis(np.array([-1e300, 1e300]))
    -2.0
    """
    return _moment("kurtosis", values)


def _moment(name: str, values: Shaped[np.ndarray, "n"]) -> float:
    scaled = _scaled(values)
    return 0.0 if scaled is None else float(getattr(functions, name)(pa.array(scaled)).as_py())


def _scaled(values: Shaped[np.ndarray, "n"]) -> Float[np.ndarray, "n"] | None:
    """From near the middle and in units of the width, where no power overflows and no digit is lost."""
    moved = differences(values, float(np.median(values)))
    width = np.abs(moved).max()
    return moved / width if width > 0 else None


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


def _infer_date(cells: Cells) -> Column | None:
    if not cells.is_date:
        return None
    return Column(name=cells.name, kind="date", family="gaussian", reason="dates, as days before and after their mean")


def _scale(cells: Cells, column: Column) -> Scale:
    """Days with a whole day as zero; moments within one day have a moment."""
    scale = scale_of(cells.observed)
    near = scale.unit < MICROSECONDS and cells.came != "date"
    day = np.floor(scale.offset) / MICROSECONDS if near else float(round(scale.offset / MICROSECONDS))
    return Scale(float(day), scale.unit / MICROSECONDS)


DATE = Kind(
    name="date",
    infer=_infer_date,
    families=("gaussian", "student-t", "mixture"),
    reads="dates",
    values=lambda column: "all dates",
    scale=_scale,
    decode=decode_dates,
)
