"""What a person should know about the cells of a column beside its kind, added to the reason."""

import dataclasses

import numpy as np

from taut.data.cells import Cells
from taut.data.kinds import kind_of
from taut.data.schema import Column

# Codes of missing values: -1 below nothing but numbers from 0 up, and nines.
_NINES = frozenset(sign * nines for sign in (-1, 1) for nines in (9, 99, 999, 9999, 99999, 999999))


def with_remarks(column: Column, cells: Cells, odd: str) -> Column:
    """The column with what is to be said of its cells: how they were read, which are `odd`, which may mean missing."""
    kind = kind_of(column)
    if kind.coded and not kind.modelled:
        return column
    if odd and not kind.modelled:
        return dataclasses.replace(column, kind="text", reason=f"{odd}; ignored")
    parts = [column.reason, cells.remark, odd, far_outside(cells)]
    return dataclasses.replace(column, reason="; ".join(part for part in parts if part))


def far_outside(cells: Cells) -> str:
    """A number or date that is repeated and far from all others, or a usual code of a missing one, as a clause.

    >>> from taut.data.sheet import as_sheet
    >>> from taut.data.extracting import cells_of
    >>> far_outside(cells_of(as_sheet({"a": [2.5, 7.1, 4.2, -999.0, 3.3, -999.0]}), 0))
    '-999 comes 2 times, far from the others: if it means missing, say so with `na_values`'
    """
    if not (cells.is_number or cells.is_date) or cells.came == "bool":
        return ""
    found, counted = np.unique(cells.numbers()[cells.present], return_counts=True)
    if len(found) < 4 or not np.isfinite(found).all():
        return ""
    values, counts = found.tolist(), counted.tolist()
    ends = ((values[0], counts[0], values[1:]), (values[-1], counts[-1], values[:-1]))
    codes = [(value, count) for value, count, others in ends if count > 1 and _is_code(value, count, others)]
    if not codes:
        return ""
    value, count = codes[0]
    label = cells.first(cells.numbers() == value)[0]
    where = "the only number below 0" if value == -1 and values[1] >= 0 else "far from the others"
    return f"{label} comes {count} times, {where}: if it means missing, say so with `na_values`"


def _is_code(value: float, count: int, others: list[float]) -> bool:
    """Whether a least or largest value looks like a code among the others, which are sorted."""
    gap, width = min(abs(value - others[0]), abs(value - others[-1])), others[-1] - others[0]
    if value == -1 and others[0] >= 0:
        return width > 3
    return gap > width or (value in _NINES and gap > 0.25 * width and count > 2)
