"""The fields of rows that a fit begins with: each column by its cells, each block by its numbers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Num

from taut.data import (
    FEWEST_COLUMNS,
    NOT_BINARISED,
    Binarisation,
    Block,
    Column,
    Schema,
    Sheet,
    Table,
    Units,
    check_varies,
    infer_schema,
    is_lists,
    kind_named,
    lists_in,
    narrow,
    place,
    too_close,
    units_of,
)
from taut.errors import OptionError, SupportError
from taut.estimators.part_building import OWN
from taut.likelihoods import Choice, all_families, check_support, choose, choose_counts, family, known_family

MIXED = Choice("mixed", "each column has a likelihood of its own kind")
# The name of the field of an array: its entries are then called x0, x1 and so on.
NAME = "x"


def infer_fields(
    rows: Sheet,
    train: np.ndarray,
    *,
    likelihood: str = "auto",
    overrides: Mapping[str, Any] | None = None,
    binarise: str = "none",
    sizes: bool = False,
    discrete: bool = False,
    seed: int = 0,
) -> Schema:
    """The fields of rows, by their training rows; `overrides` overrule what is inferred of columns.

    A likelihood of one's own is called `own`, and may be `discrete`.

    Raises DataError or SupportError where the rows contradict what was asked for, OptionError for what no rows have.
    """
    if rows.block is not None:
        binarisation = Binarisation.of(binarise, rows.block.values, seed)
        field = block_field(NAME, rows.block, train, likelihood=likelihood, binarisation=binarisation, sizes=sizes)
        return Schema(columns=(dataclasses.replace(field, kind="count") if discrete else field,))
    if binarise != "none":
        raise OptionError(
            "`binarise` wants grey values; got a table; leave it out, or give the array of images.", option="binarise"
        )
    known = _of_columns(rows, likelihood) | {str(name): override for name, override in (overrides or {}).items()}
    found = infer_schema(rows, known, rows=train)
    columns = (
        column if column.block is None else _listed_field(column, rows, number, known.get(column.name), train)
        for number, column in enumerate(found.columns)
    )
    return dataclasses.replace(found, columns=tuple(columns))


def choice_of(schema: Schema) -> Choice:
    """The name of the likelihood of all fields together, and the reason for it."""
    only = schema.modelled[0]
    return MIXED if only.block is None or len(schema.modelled) > 1 else Choice(only.family, only.reason)


def words_of(schema: Schema) -> str:
    """What a row holds, for a sentence."""
    columns = sum(column.block is None for column in schema.modelled)
    blocks = [f"{column.width} numbers" for column in schema.modelled if column.block is not None]
    return " and ".join([*([f"{columns} columns"] if columns else []), *blocks])


def _listed_field(column: Column, rows: Sheet, number: int, override: Any, train: np.ndarray) -> Column:
    """The field of a column of lists, with the family that a person gives it."""
    assert column.block is not None
    table = Table(values=lists_in(rows, number).values, name=f"{rows.name}, column {column.name}")
    field = block_field(column.name, table, train, likelihood=(override or {}).get("family") or "auto")
    assert field.block is not None
    block = dataclasses.replace(field.block, shape=column.block.shape, listed=True)
    return dataclasses.replace(field, block=block, dtype=column.dtype)


def block_field(
    name: str,
    table: Table,
    train: np.ndarray,
    *,
    likelihood: str = "auto",
    binarisation: Binarisation = NOT_BINARISED,
    sizes: bool = False,
) -> Column:
    """The field of a block of numbers: its likelihood as asked for or by what the numbers are, and their units.

    Raises DataError where nothing varies, SupportError for numbers that the likelihood cannot produce or that single
    precision cannot tell apart.
    """
    holes = np.isnan(table.values[train]) if table.values.dtype.kind == "f" else np.zeros((len(train), 1), bool)
    missing = int(holes.any(axis=1).sum())
    table = dataclasses.replace(table, values=_without_holes(table.values))
    check_varies(table)
    binarised = binarisation.kind != "none"
    values = np.array([[0, 1]], dtype=np.uint8) if binarised else table.values
    choice = _likelihood(likelihood, values, sizes=sizes, pixels=table.image_shape is not None)
    units = None if binarised else units_for(choice.name, table.values[train])
    ends = (0.0, 1.0) if binarised else _ends(table.values)
    kind = _kind_of(choice.name)
    if units is not None:
        check_told_apart(table, units, train)
    return Column(
        name=name,
        kind=kind,
        family=choice.name,
        reason=choice.reason,
        categories=list(range(int(max(ends[1], 1)) + 1)) if kind_named(kind).coded else None,
        missing=missing,
        seen=len(train) - missing,
        block=Block(
            width=table.features,
            names=table.columns,
            shape=_image_shape(table, choice.name),
            resized=table.resized,
            units=units,
            binarisation=binarisation,
            ends=ends,
            missing=holes.sum(axis=0).tolist() if missing else None,
        ),
    )


def units_for(likelihood: str, values: np.ndarray) -> Units | None:
    """Where zero lies and how long the units are for a likelihood of real numbers; None for another.

    One σ for all entries is one in one unit, and a σ of 1 is 1 in that of the data.
    """
    known = known_family(likelihood)
    if known is None or not known.units:
        return None
    return units_of(values, common=known.units == "common", natural=known.units == "natural")


def check_told_apart(table: Table, units: Units, train: np.ndarray) -> None:
    """Refuse a block in whose training rows a column's numbers are mostly one in single precision, in these units."""
    rows = table.take(train)
    for number, column in enumerate(units.code(rows.values).T):
        if np.ptp(column) > 0 and too_close(column):
            row = int(np.argmax(np.abs(column)))
            raise SupportError(
                f"Numbers that single precision tells apart are wanted; beside that in "
                f"{place(row, number, table.columns)} of `{table.name}` half of its column are one; mend it, or leave "
                "out the row or the column."
            )


def check_blocks(schema: Schema, table: Table) -> None:
    """Refuse rows that the likelihood of a block cannot produce, naming the first. Raises SupportError."""
    for column, span in schema.spans:
        if column.block is not None:
            _check_within(column, column.block, table.values[:, span], table.columns and table.columns[span])


def _check_within(field: Column, block: Block, values: Num[np.ndarray, "n width"], names: list[str] | None) -> None:
    holes = np.isnan(values) if values.dtype.kind == "f" else np.zeros(0, bool)
    values = np.where(holes, 0, values) if holes.any() else values
    if field.family == OWN:
        return
    check_support(field.family, values)
    largest = family(field.family).largest
    if largest is None:
        return
    most, what = largest(int(max(block.ends[1], 1)))
    beyond = np.argwhere(values > most)
    if len(beyond):
        row, column = beyond[0]
        where = f"column {column}" if names is None else f"column `{names[column]}`"
        raise SupportError(
            f"Values up to {most} are wanted, {what} in training; got {values[row, column]:g} in row {row}, {where}; "
            "fit on data that reach as far, or leave such rows out."
        )


def scales(schema: Schema, width: int) -> Float[np.ndarray, "2 width"]:
    """Two rows which say what a coded row stands for: the offsets and units; zeros where numbers are as they came."""
    rows = np.zeros((2, width))
    for column, span in schema.spans:
        if column.block is None or column.block.units is not None:
            rows[:, span] = [[getattr(each, name) for each in column.entries] for name in ("offset", "unit")]
    return rows


def _without_holes(values: Num[np.ndarray, "n width"]) -> Num[np.ndarray, "n width"]:
    """The numbers with a middle one of its entry in place of each hole, so that they stay of one kind."""
    if values.dtype.kind != "f" or not (holes := np.isnan(values)).any():
        return values
    observed = np.where(holes.all(axis=0), np.nanmedian(values), values)
    return narrow(np.where(holes, np.nanpercentile(observed, 50, axis=0, method="lower"), values))


def _likelihood(name: str, values: np.ndarray, *, sizes: bool, pixels: bool) -> Choice:
    if name == "auto":
        return choose_counts(values) if sizes else choose(values, pixels=pixels)
    known = known_family(name)
    if sizes and (known is None or not known.log_means):
        counts = ", ".join(each.name for each in all_families() if each.log_means)
        raise OptionError(
            f"`size_factor` wants a likelihood among {counts}; got `{name}`; leave out one.", option="size_factor"
        )
    if name == OWN:
        return Choice(OWN, "it was given as an object")
    check_support(name, values)
    return Choice(family(name).name, "it was asked for")


def _of_columns(rows: Sheet, likelihood: str) -> dict[str, Any]:
    """What a likelihood that was asked for says of every column."""
    if likelihood in ("auto", "mixed"):
        return {}
    if all(is_lists(cells) for cells in rows.series):
        return {name: {"family": likelihood} for name in rows.columns}
    known = known_family(likelihood)
    if known is None or not known.kinds:
        others = ", ".join(each.name for each in all_families() if each.arrays and each.kinds)
        raise OptionError(
            f"A table with holes or types wants `auto` or one of {others}; got `{likelihood}`; choose one."
        )
    return {name: {"kind": known.kinds[0], "family": known.name} for name in rows.columns}


def _kind_of(name: str) -> str:
    known = known_family(name)
    if known is None or not known.kinds:
        return "count" if known is not None and known.discrete else "real"
    return known.kinds[0]


def _ends(values: np.ndarray) -> tuple[float, float]:
    return min(float(np.nanmin(values)), 0.0), float(np.nanmax(values))


def _image_shape(table: Table, name: str) -> tuple[int, ...] | None:
    """As read; else a square, for whole numbers or shares without column names whose count is one."""
    side = math.isqrt(table.features)
    square = side * side == table.features and table.features >= FEWEST_COLUMNS
    known = known_family(name)
    bounded = known is not None and known.largest is not None and known.reads != "indicators"
    return table.image_shape or ((side, side) if square and bounded and table.columns is None else None)
