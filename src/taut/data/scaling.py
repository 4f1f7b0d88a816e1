"""The offset and the unit of a column, and whether single precision tells its cells apart then."""

from __future__ import annotations

import numpy as np

from taut.data.cells import MICROSECONDS, Cells
from taut.data.choices import Choice, rounded
from taut.data.support import check_within_reach
from taut.data.units import Scale, scale_of, too_close
from taut.errors import DataError

# Of floating-point numbers the last digit is this far below the first: in single precision, and in double.
_LAST_DIGITS = ((2.0**22, 2.0**24), (2.0**51, 2.0**53))
_FEW_STEPS = 100


def column_scale(cells: Cells, choice: Choice, name: str) -> Scale:
    """The scale of a column of quantities: of positive ones the median is the unit, of bounded ones the ends are.

    Raises DataError, naming column and row, where half of the cells are one number in single precision beside another,
    or beside the size of all of them.
    """
    scale = _scale(cells, choice)
    coded = cells.numbers(*scale)
    check_within_reach(cells, coded, choice.kind, name)
    there = coded[cells.present]
    if len(np.unique(there)) > 1 and too_close(there):
        middle = 0.0 if choice.kind in ("real", "date") else 1.0
        cell, row = cells.first(np.abs(coded - middle) == np.abs(there - middle).max())
        raise DataError(
            f"Wanted numbers that single precision tells apart in column {cells.title} of `{name}`; beside the "
            f"`{cell[:40]}` of row {row} (counting from 0) half of them are one; mend or empty such cells, give the "
            "column another kind, or ignore it."
        )
    return scale


def digits_lost(cells: Cells, scale: Scale, resolution: float | None) -> str:
    """A clause for a column of floating-point numbers so far from 0 that few steps are left; else empty."""
    if cells.came != "float" or not resolution:
        return ""
    steps, size = scale.unit / resolution, float(np.abs(cells.observed).max()) / resolution
    if steps > _FEW_STEPS or not any(low <= size <= high for low, high in _LAST_DIGITS):
        return ""
    return f"; so far from 0 that their own digits leave {rounded(steps)} steps to a standard deviation"


def _scale(cells: Cells, choice: Choice) -> Scale:
    if choice.kind == "bounded":
        low, high = choice.low or 0.0, 1.0 if choice.high is None else choice.high
        return Scale(low, high - low)
    if choice.kind == "positive":
        return Scale(0.0, float(np.quantile(cells.observed, 0.5, method="lower")))
    scale = scale_of(cells.observed)
    if choice.kind != "date":
        return scale
    # Days with a whole day as zero; moments within one day have a moment.
    near = scale.unit < MICROSECONDS and cells.came != "date"
    day = np.floor(scale.offset) / MICROSECONDS if near else float(round(scale.offset / MICROSECONDS))
    return Scale(float(day), scale.unit / MICROSECONDS)
