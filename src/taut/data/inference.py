"""From a sheet to its schema: what each column is, by the rules of the kinds, which say their reasons."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np

from taut.data.blocks import is_lists, lists_in
from taut.data.cells import MICROSECONDS, Cells, listed_values
from taut.data.decoding import date_unit_of, decimals_of
from taut.data.extracting import cells_of, readable_cells
from taut.data.kinds import all_kinds, kind_of, with_remarks
from taut.data.native_types import native_type
from taut.data.overrides import IGNORE, check_given, given_column
from taut.data.schema import Block, Column, NativeType, Schema
from taut.data.sheet import Sheet
from taut.data.support import check_finite_cells, column_scale, digits_lost
from taut.data.text_cells import odd_cells
from taut.data.units import differences
from taut.errors import OptionError
from taut.printable import shown


def infer_schema(sheet: Sheet, given: Mapping[str, Any] | None = None, *, rows: np.ndarray | None = None) -> Schema:
    """What a model has to know about each column, from the cells that are there in `rows` (all by default).

    `given` overrules: a column's name → its kind, or "ignore", or a mapping with any of kind, family, categories,
    low, high and na_values. A column of lists is a block, whose family a fit chooses. Raises OptionError for a column,
    kind or family that does not exist, DataError and SupportError, naming column and row, where the data contradict
    what was given or hold an infinity.

    >>> from taut.data.sheet import as_sheet
    >>> schema = infer_schema(as_sheet({"sex": ["f", "m", None, "f"], "size": [1.5, 2.5, 3.25, None]}))
    >>> [(column.kind, column.family) for column in schema.columns]
    [('binary', 'bernoulli'), ('real', 'gaussian')]
    """
    lists = {name for name, cells in zip(sheet.columns, sheet.series, strict=True) if is_lists(cells)}
    blocks = {str(name): override for name, override in (given or {}).items() if str(name) in lists}
    overrides = check_given(
        {name: override for name, override in (given or {}).items() if str(name) not in lists}, sheet
    )
    rows = np.arange(len(sheet)) if rows is None else np.asarray(rows)
    columns = []
    for number, name in enumerate(sheet.columns):
        if name in lists:
            columns.append(_block(sheet, number, blocks.get(name), len(rows)))
            continue
        override = overrides.get(name, {})
        ignored, na_values = override.get("kind") == IGNORE, listed_values(override.get("na_values"))
        whole = (
            readable_cells(sheet, number)
            if ignored
            else cells_of(sheet, number, kind=override.get("kind"), na_values=na_values)
        )
        if whole is None:
            columns.append(Column(name=name, kind="text", reason="ignored, as given", dtype="other", seen=len(rows)))
            continue
        cells = dataclasses.replace(whole.take(rows), native=native_type(sheet.series[number]))
        if not ignored:
            check_finite_cells(cells, sheet.name)
        column, cells = _inferred(cells, whole, parse="kind" not in override)
        if name in overrides:
            column = given_column(cells, override, column, sheet.name)
        columns.append(_finished(cells, column, sheet.name, (*sheet.na_values, *na_values)))
    return Schema(columns=tuple(columns), named=sheet.named)


def _block(sheet: Sheet, number: int, override: Any, rows: int) -> Column:
    """A column of lists: a block, or ignored where a person says so."""
    name = sheet.columns[number]
    known: dict[str, Any] = {"name": name, "dtype": "other", "seen": rows}
    if override == IGNORE or (isinstance(override, Mapping) and override.get("kind") == IGNORE):
        return Column(kind="text", reason="ignored, as given", **known)
    if override is not None and not (isinstance(override, Mapping) and set(override) <= {"kind", "family"}):
        raise OptionError(
            f"Wanted a family for the lists in column `{name}`, or {IGNORE}; got {shown(override)}; mend it."
        )
    values, shape = lists_in(sheet, number)
    return Column(
        kind="real",
        reason=f"lists of {values.shape[1]} numbers, whose likelihood is chosen by the fit",
        block=Block(width=values.shape[1], shape=shape if len(shape) > 1 else None, listed=True),
        **known,
    )


def infer_column(cells: Cells) -> Column:
    """The kind of a column by what its cells look like, and why: that of the first kind that takes it."""
    found = (kind.infer(cells) for kind in reversed(all_kinds()))
    return next(column for column in found if column is not None)


def _inferred(cells: Cells, whole: Cells, *, parse: bool) -> tuple[Column, Cells]:
    """The column with remarks, and its cells in the kind's own reading; `whole` are those of all rows."""
    column = infer_column(cells)
    own = kind_of(column).parse if parse else None
    if own is not None:
        return column, own(cells)
    return with_remarks(column, cells, odd_cells(whole)), cells


def _finished(cells: Cells, column: Column, name: str, na_values: tuple[str | int | float, ...]) -> Column:
    seen = int(cells.present.sum())
    quantity = kind_of(column).scale is not None and bool(column.family)
    scale = column_scale(cells, column, name)
    resolution = _resolution(cells) if quantity else None
    reason = column.reason + digits_lost(cells, scale, resolution)
    if cells.is_date and quantity:
        reason = f"{reason}; day 0 is {datetime.date(1970, 1, 1) + datetime.timedelta(days=scale.offset)}"
    return dataclasses.replace(
        column,
        reason=reason,
        offset=scale.offset,
        unit=scale.unit,
        resolution=resolution,
        dtype=cells.came,
        missing=len(cells.present) - seen,
        seen=seen,
        native=_remembered(cells, column),
        decimals=decimals_of(cells.observed) if quantity and not cells.is_date else None,
        date_unit=date_unit_of(cells) if quantity and cells.is_date else None,
        notation=cells.notation,
        na_values=na_values,
    )


def _remembered(cells: Cells, column: Column) -> NativeType | None:
    """The type of a column that cells will be made for; levels of others are not worth their room."""
    kind = kind_of(column)
    if cells.native is None or column.family or kind.constant:
        return cells.native
    return dataclasses.replace(cells.native, levels=None)


def _resolution(cells: Cells) -> float | None:
    """The smallest gap between distinct values, without the noise of binary fractions."""
    # From the first, since integers beyond 2^53 differ by less than floats of their size do.
    gaps = np.diff(differences(np.unique(cells.observed), float(cells.observed.min())))
    gaps = gaps[gaps > 0] / (MICROSECONDS if cells.is_date else 1)
    return float(f"{gaps.min():.6g}") if len(gaps) else None
