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
