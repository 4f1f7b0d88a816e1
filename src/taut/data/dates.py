"""Columns of dates and moments, which a model sees as days."""

import numpy as np

from taut.data.cells import MICROSECONDS, Cells
from taut.data.decoding import decode_dates
from taut.data.kinds import Kind
from taut.data.schema import Column
from taut.data.units import Scale, scale_of


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
