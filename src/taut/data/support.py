"""Whether the cells of a column can be what its kind says: each fault in one sentence with the column and the row."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import NoReturn

import numpy as np
import pyarrow as pa

from taut.data.amounts import taken_apart
from taut.data.cells import Cells
from taut.data.kinds import Kind, kind_of
from taut.data.read_errors import rounded
from taut.data.schema import Column
from taut.data.units import Scale, too_close
from taut.errors import DataError, SupportError

# Differences of numbers up to here do not overflow in double precision.
_LARGEST = 1e300
# Models work in single precision, in units of the column; its numbers end a little above and, near 0, below these.
FARTHEST, _NEAREST = 1e37, 1e-37


def check_cells(cells: Cells, column: Column, name: str) -> None:
    """Raise DataError where the cells have another type than the column wants, SupportError where one is outside it.

    A column without any cell is of every type. `name` is what the sheet is called.
    """
    kind = kind_of(column)
    check_type(cells, kind, name)
    if kind.within is not None and cells.present.any():
        wrong = ~kind.within(column, cells.numbers()) & cells.present
        if wrong.any():
            refuse_cell(SupportError, kind.values(column), cells, name, *cells.first(wrong))


def check_type(cells: Cells, kind: Kind, name: str) -> None:
    """Raise DataError where the cells are no finite numbers, or no dates, while the kind wants these."""
    if not cells.present.any() or kind.reads == "labels":
        return
    if kind.reads == "dates":
        if not cells.is_date:
            cell, row = cells.first(_where_not(_spells_date, cells))
            refuse_cell(DataError, "dates in ISO form, such as 2020-02-29,", cells, name, cell, row)
        return
    if not cells.is_number:
        cell, row = cells.first(cells.present if cells.is_date else _where_not(_spells_number, cells))
        refuse_cell(DataError, "numbers", cells, name, cell, row)
    check_finite_cells(cells, name)


def check_unit(column: Column, cells: Cells, name: str) -> list[str]:
    """Raise DataError where numbers come in another unit than in the fit; a note where only one side has a unit."""
    if not column.modelled or kind_of(column).coded or cells.is_date or not cells.present.any():
        return []
    wanted, came = ("" if each is None else each.unit for each in (column.notation, cells.notation))
    if wanted == came:
        return []
    if wanted and came:
        raise DataError(
            f"Wanted numbers in {wanted} in column {cells.title} of `{name}`, as in the fit; they come in {came}; "
            "convert them."
        )
    fit, now = (f"in {unit}" if unit else "without a unit" for unit in (wanted, came))
    return [f"Column {cells.title}: numbers {now}, {fit} in the fit; taken for the same unit."]


def check_finite_cells(cells: Cells, name: str) -> None:
    """Raise DataError at the first infinity, or number near the end of double precision."""
    if cells.values.dtype.kind == "f" and (np.abs(cells.observed) > _LARGEST).any():
        cell, row = cells.first(np.abs(cells.values) > _LARGEST)
        refuse_cell(DataError, f"finite numbers, {_LARGEST:g} at most,", cells, name, cell, row)


def check_within_reach(cells: Cells, coded: np.ndarray, kind: Kind, name: str) -> None:
    """Raise DataError at the first cell that single precision cannot hold in the units of its column.

    `coded` are the cells in these units; those of a `kind` above zero must not come too near to 0 either.
    """
    beyond = np.abs(coded) > FARTHEST
    if kind.above_zero:
        beyond |= coded < _NEAREST
    if beyond.any():
        wanted = f"numbers within {FARTHEST:g} times the spread of the column (single precision ends there)"
        refuse_cell(DataError, wanted, cells, name, *cells.first(beyond))


def _where_not(spells: Callable[[object], bool], cells: Cells) -> np.ndarray:
    """Which cells do not spell what is wanted; where all do, every one, since it is the type that is wrong."""
    wrong = np.array([not spells(cell) for cell in cells.values.tolist()]) & cells.present
    return wrong if wrong.any() else cells.present


def _spells_number(cell: object) -> bool:
    return taken_apart(pa.array([str(cell)])).numbers[0].is_valid


def _spells_date(cell: object) -> bool:
    try:
        datetime.datetime.fromisoformat(str(cell))
    except ValueError:
        return False
    return True


def refuse_cell(error: type[DataError], wanted: str, cells: Cells, name: str, cell: str, row: int) -> NoReturn:
    """Raise the error for a cell in this row of the sheet called `name`, where something else was wanted."""
    raise error(
        f"Wanted {wanted} in column {cells.title} of `{name}`; row {row} (counting from 0) holds `{cell[:40]}`; "
        "mend the cell, or call it missing with `na_values`."
    )


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
