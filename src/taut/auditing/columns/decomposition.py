"""What log p(x) of a row of a table is made of, in words and by kinds of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from taut.data import Column, Schema, kind_of
from taut.record import ColumnAccount, LeftOut, Measure, Part, TableAccount

Cells = Float[np.ndarray, "n columns"]


def measure_of(column: Column) -> Measure:
    """Whether a cell of this column adds the log of a probability or of a density."""
    return "probability" if kind_of(column).discrete else "density"


def unit_of(column: Column) -> str | None:
    """What a density is per: `day` for a date, else the column's own `unit`; None of a probability."""
    if measure_of(column) == "probability":
        return None
    return "day" if kind_of(column).reads == "dates" else "unit"


def decomposition_of(columns: Sequence[ColumnAccount]) -> list[Part]:
    """The shares of the distortion, one for each kind, densities first."""
    kinds = dict.fromkeys((column.measure, column.kind) for column in sorted(columns, key=lambda c: c.measure))
    return [_part(kind, [column for column in columns if column.kind == kind]) for _, kind in kinds]


def _part(kind: str, columns: Sequence[ColumnAccount]) -> Part:
    return Part(
        kind=kind,
        measure=columns[0].measure,
        columns=len(columns),
        cells=sum(column.cells for column in columns),
        distortion=sum(column.distortion.value for column in columns),
    )


def table_of(
    schema: Schema, cells: Cells, parts: list[Part], *, missingness: bool = False, **conditional: Any
) -> TableAccount:
    """The account of a table; `conditional` are its fields that rest on cells given others, where measured."""
    holes = np.isnan(cells)
    return TableAccount(
        meaning=meaning_of(parts, missing=bool(holes.any()), missingness=missingness),
        cells=cells.size,
        missing=int(holes.sum()),
        rows_with_holes=int(holes.any(axis=1).sum()),
        densities=_sum(parts, "density"),
        probabilities=_sum(parts, "probability"),
        parts=parts,
        left_out=[
            LeftOut(name=column.name, kind=column.kind, reason=_why(column))
            for column in schema.columns
            if not column.modelled
        ],
        **conditional,
    )


def meaning_of(parts: Sequence[Part], *, missing: bool, missingness: bool = False) -> str:
    """What log p(x) is the log of; with `missingness`, why cells are missing is part of it.

    >>> part = Part(kind="binary", measure="probability", columns=1, cells=9, distortion=0.5)
    >>> meaning_of([part], missing=True)[:57]
    'log p(x) is the log of a probability: of the observed cel'
    """
    measures = {part.measure for part in parts}
    if len(measures) == 1:
        depends = "" if measures == {"probability"} else ", which depends on the units of the columns"
        what = f"the log of a {next(iter(measures))}{depends}: of the observed cells of a row together"
    else:
        what = (
            "a sum of logs of densities, which depend on the units of their columns, and of probabilities: of the "
            "observed cells of a row together"
        )
    if missingness:
        return (
            f"log p(x) is {what}, and of which cells are missing: the model has a part for that, by which a cell may "
            "be missing because of its own value."
        )
    if not missing:
        return f"log p(x) is {what}."
    return (
        f"log p(x) is {what}. Missing cells are integrated out, which is right where they are missing at random (MAR): "
        "where a cell's being missing depends on nothing but cells that are there."
    )


def _why(column: Column) -> str:
    return f"given, not modelled: {column.reason}" if column.given else column.reason


def _sum(parts: Sequence[Part], measure: Measure) -> float | None:
    own = [part.distortion for part in parts if part.measure == measure]
    return sum(own) if own else None
