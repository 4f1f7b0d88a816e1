"""The offset and the unit of a column, and whether single precision tells its cells apart then."""

from __future__ import annotations

import numpy as np

from taut.data.cells import Cells
from taut.data.kinds import kind_of
from taut.data.phrases import rounded
from taut.data.schema import Column
from taut.data.support import check_within_reach
from taut.data.units import Scale, too_close
from taut.errors import DataError

# Of floating-point numbers the last digit is this far below the first: in single precision, and in double.
_LAST_DIGITS = ((2.0**22, 2.0**24), (2.0**51, 2.0**53))
_FEW_STEPS = 100


def column_scale(cells: Cells, column: Column, name: str) -> Scale:
    """The scale of a column by its kind; offset 0 and unit 1 where it has none.

    Raises DataError, naming column and row, where half of the cells are one number in single precision beside another,
    or beside the size of all of them.
    """
    kind = kind_of(column)
    if kind.scale is None or not column.family:
        return Scale()
    scale = kind.scale(cells, column)
    coded = cells.numbers(*scale)
    check_within_reach(cells, coded, kind, name)
    there = coded[cells.present]
    if len(np.unique(there)) > 1 and too_close(there):
        middle = np.median(there)
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
