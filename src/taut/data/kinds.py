"""What is to be known of a kind of column, and the kinds that there are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np
import pyarrow as pa

from taut.data.cells import Cells
from taut.data.schema import Column
from taut.data.units import Scale
from taut.errors import OptionError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of column: how it is told from others, read, checked, coded and given back.

        coded = (x − offset)/unit,   (offset, unit) = scale(cells, column)

    `infer` says of cells whether the column is of this kind, as a `Column` with its name, kind, family and reason, or
    None. `families` are the likelihoods that it may have; without any the kind is not modelled. `choose_family` picks
    one where a person names the kind alone; without it the first is taken.

    Text is read as the `numbers` or `dates` that it spells, or stays the `labels` that it is (`reads`); `parse` reads
    cells in a way of the kind's own instead, and returns cells that are numbers. `values` says in words which values
    there are, and `within` which of some numbers are among them. `above_zero`: numbers may not come too near to 0.

    `codes` makes the cells codes of the column's categories: of two, or of any number, in order or not. Others are
    coded by `scale`, or without it as they are. `discrete` says whether a cell has a probability; else it has a density
    per unit. `bounded` kinds have ends, `low` and `high`. `decode` makes an Arrow array of coded numbers, null for
    NaN; its last argument asks for numbers written as the cells are.

    >>> degrees = Kind(name="degrees", infer=lambda cells: None, families=("gaussian",))
    >>> degrees.modelled, degrees.coded
    (True, False)
    """

    name: str
    infer: Callable[[Cells], Column | None]
    families: tuple[str, ...] = ()
    choose_family: Callable[[Cells], str] | None = None
    reads: Literal["labels", "numbers", "dates"] = "numbers"
    parse: Callable[[Cells], Cells] | None = None
    values: Callable[[Column], str] = lambda column: "all numbers"
    within: Callable[[Column, np.ndarray], np.ndarray] | None = None
    above_zero: bool = False
    codes: Literal["", "two", "unordered", "ordered"] = ""
    scale: Callable[[Cells, Column], Scale] | None = None
    discrete: bool = False
    bounded: bool = False
    decode: Callable[[Column, np.ndarray, bool], pa.Array] | None = None

    @property
    def modelled(self) -> bool:
        """Whether a column of this kind can have a likelihood."""
        return bool(self.families)

    @property
    def constant(self) -> bool:
        """Whether all cells are the same, so that there is nothing to model."""
        return self.coded and not self.modelled

    @property
    def counts(self) -> bool:
        """Whether cells are whole numbers that have probabilities."""
        return self.discrete and not self.codes

    @property
    def coded(self) -> bool:
        """Whether cells are codes of categories."""
        return bool(self.codes)


_KINDS: dict[str, Kind] = {}


def register_kind(*new: Kind) -> None:
    """Add kinds; the last one added is the first to be asked about a column.

    Raises OptionError where there is one of this name.
    """
    for kind in new:
        if kind.name in _KINDS:
            raise OptionError(f"Wanted a new name for a kind of column; `{kind.name}` is taken; choose another.")
        _KINDS[kind.name] = kind


def serve(name: str, family: str) -> None:
    """Let columns of the kind called `name` have this family. Raises OptionError where there is no such kind."""
    kind = kind_named(name)
    if family not in kind.families:
        _KINDS[name] = dataclasses.replace(kind, families=(*kind.families, family))


def kind_named(name: str) -> Kind:
    """The kind called `name`. Raises OptionError where there is none."""
    if name not in _KINDS:
        raise OptionError(
            f"Wanted a kind of column among {', '.join(_KINDS)}; got `{name}`; choose one, or register it first."
        )
    return _KINDS[name]


def kind_of(column: Column) -> Kind:
    """The kind of a column."""
    return kind_named(column.kind)


def all_kinds() -> tuple[Kind, ...]:
    """All kinds, in the order in which they were added."""
    return tuple(_KINDS.values())


# Codes of missing values: -1 below nothing but numbers from 0 up, and nines.
_NINES = frozenset(sign * nines for sign in (-1, 1) for nines in (9, 99, 999, 9999, 99999, 999999))


def with_remarks(column: Column, cells: Cells, odd: str) -> Column:
    """The column with what is to be said of its cells: how they were read, which are `odd`, which may mean missing."""
    kind = kind_of(column)
    if kind.constant:
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
