"""From a sheet to its schema: what each column is, by rules that say their reasons."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np

from taut.data.cells import MICROSECONDS, Cells
from taut.data.choices import Choice, distinct, in_words
from taut.data.extracting import cells_of, readable_cells
from taut.data.given import IGNORE, check_given, given_choice
from taut.data.missing_values import listed_values
from taut.data.native_types import native_type
from taut.data.quantities import choose_float, choose_whole, density
from taut.data.remarks import with_remarks
from taut.data.resolution import date_unit_of, decimals_of
from taut.data.scaling import column_scale, digits_lost
from taut.data.schema import Column, NativeType, Schema
from taut.data.sheet import Sheet
from taut.data.support import check_finite_cells
from taut.data.text_cells import odd_cells
from taut.data.units import Scale, differences

_LONG_TEXT = 40


def infer_schema(sheet: Sheet, given: Mapping[str, Any] | None = None, *, rows: np.ndarray | None = None) -> Schema:
    """What a model has to know about each column, from the cells that are there in `rows` (all by default).

    `given` overrules: a column's name → its kind, or "ignore", or a mapping with any of kind, family, categories,
    low, high and na_values. Raises OptionError for a column, kind or family that does not exist, DataError and
    SupportError, naming column and row, where the data contradict what was given or hold an infinity.

    >>> from taut.data.sheet import as_sheet
    >>> schema = infer_schema(as_sheet({"sex": ["f", "m", None, "f"], "size": [1.5, 2.5, 3.25, None]}))
    >>> [(column.kind, column.family) for column in schema.columns]
    [('binary', 'bernoulli'), ('real', 'gaussian')]
    """
    wishes = check_given(given or {}, sheet)
    rows = np.arange(len(sheet)) if rows is None else np.asarray(rows)
    columns = []
    for number, name in enumerate(sheet.columns):
        wish = wishes.get(name, {})
        ignored, na_values = wish.get("kind") == IGNORE, listed_values(wish.get("na_values"))
        whole = (
            readable_cells(sheet, number)
            if ignored
            else cells_of(sheet, number, kind=wish.get("kind"), na_values=na_values)
        )
        if whole is None:
            columns.append(Column(name=name, kind="text", reason="ignored, as given", dtype="other", seen=len(rows)))
            continue
        cells = dataclasses.replace(whole.take(rows), native=native_type(sheet.series[number]))
        if not ignored:
            check_finite_cells(cells, sheet.name)
        choice = with_remarks(choose(cells), cells, odd_cells(whole))
        if name in wishes:
            choice = given_choice(cells, wish, choice, sheet.name)
        columns.append(_finished(cells, choice, sheet.name, (*sheet.na_values, *na_values)))
    return Schema(columns=tuple(columns), named=sheet.named)


def choose(cells: Cells) -> Choice:
    """The kind of a column by what its cells look like, and why."""
    if cells.came == "other":
        held = "" if cells.native is None or cells.native.name == "object" else f" ({cells.native.name[:40]})"
        return Choice(kind="text", reason=f"cells that are neither numbers, text nor dates{held}; ignored")
    labels = distinct(cells)
    count = int(cells.present.sum())
    if len(labels) <= 1:
        what = f"every cell that is there is {in_words(labels)}" if labels else "no cell is there"
        return Choice(kind="constant", reason=f"{what}; ignored")
    if cells.is_date:
        return Choice(kind="date", family="gaussian", reason="dates, as days before and after their mean")
    if len(labels) == 2 and (count > 2 or labels == [0, 1]):
        reason = f"two distinct values: {in_words(labels)}"
        return Choice(kind="binary", family="bernoulli", reason=reason, categories=labels)
    if cells.is_number and cells.levels is None:
        return _choose_number(cells)
    return _choose_labels(cells, labels, count)


def _choose_number(cells: Cells) -> Choice:
    if cells.came == "duration":
        return density(cells.observed, "durations in seconds")
    return choose_whole(cells) if cells.is_whole else choose_float(cells)


def _choose_labels(cells: Cells, labels: list[Any], count: int) -> Choice:
    few = len(labels)
    if cells.came == "enum":
        reason = f"an ordered type with {few} levels that occur: {in_words(labels)}"
        return Choice(kind="ordinal", family="ordered-logit", reason=reason, categories=labels)
    named = {"string": "text", "wide integer": "whole numbers beyond 63 bits"}
    what = "a categorical type" if cells.levels is not None else named.get(cells.came, "mixed cells")
    if few < count and few <= max(20, np.sqrt(count)) and (count >= 1.5 * few or cells.levels is not None):
        reason = f"{what} with {few} distinct values: {in_words(labels)}"
        return Choice(kind="categorical", family="categorical", reason=reason, categories=labels)
    lengths = [len(str(label)) for label in labels]
    if np.mean(lengths) > _LONG_TEXT and cells.came != "wide integer":
        return Choice(kind="text", reason=f"free text of {np.mean(lengths):.0f} letters on average; ignored")
    if few >= 0.9 * count:
        share = "all" if few == count else "nearly all"
        return Choice(kind="identifier", reason=f"{what}, {share} {few} values distinct; ignored")
    reason = f"{what} with {few} distinct values in {count} rows, too many for categories; ignored"
    return Choice(kind="text", reason=reason)


def _finished(cells: Cells, choice: Choice, name: str, na_values: tuple[str | int | float, ...]) -> Column:
    seen = int(cells.present.sum())
    quantity = choice.kind in ("real", "positive", "bounded", "date") and bool(choice.family)
    scale = column_scale(cells, choice, name) if quantity else Scale()
    resolution = _resolution(cells) if quantity else None
    reason = choice.reason + digits_lost(cells, scale, resolution)
    if choice.kind == "date" and quantity:
        reason = f"{reason}; day 0 is {datetime.date(1970, 1, 1) + datetime.timedelta(days=scale.offset)}"
    return Column(
        name=cells.name,
        kind=choice.kind,
        family=choice.family,
        reason=reason,
        categories=choice.categories,
        low=choice.low,
        high=choice.high,
        offset=scale.offset,
        unit=scale.unit,
        resolution=resolution,
        dtype=cells.came,
        missing=len(cells.present) - seen,
        seen=seen,
        native=_remembered(cells, choice),
        decimals=decimals_of(cells.observed) if quantity and not cells.is_date else None,
        date_unit=date_unit_of(cells) if quantity and cells.is_date else None,
        notation=cells.notation,
        na_values=na_values,
    )


def _remembered(cells: Cells, choice: Choice) -> NativeType | None:
    """The type of a column that cells will be made for; levels of others are not worth their room."""
    if cells.native is None or choice.family or choice.kind == "constant":
        return cells.native
    return dataclasses.replace(cells.native, levels=None)


def _resolution(cells: Cells) -> float | None:
    """The smallest gap between distinct values, without the noise of binary fractions."""
    # From the first, since integers beyond 2^53 differ by less than floats of their size do.
    gaps = np.diff(differences(np.unique(cells.observed), float(cells.observed.min())))
    gaps = gaps[gaps > 0] / (MICROSECONDS if cells.is_date else 1)
    return float(f"{gaps.min():.6g}") if len(gaps) else None
