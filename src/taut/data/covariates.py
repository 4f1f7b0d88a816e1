"""Columns that a conditional model is given: their cells as numbers that a network takes in and does not model."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Num

from taut.data.cells import Cells
from taut.data.coding import known_codes
from taut.data.extracting import cells_like
from taut.data.inference import infer_schema
from taut.data.kinds import kind_of
from taut.data.restoring import restored
from taut.data.schema import Column, Schema
from taut.data.sheet import Sheet
from taut.data.support import check_type
from taut.errors import DataError, OptionError, ShapeError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sizes in units of the median training row: of a column called `column`, or of the total of a row's counts.

    `means` are those of the counted columns among the training rows. Where a row has holes, its total is that of the
    cells that are there, divided by the share of an average row that such cells hold.
    """

    column: str | None = None
    middle: float = 1.0
    means: tuple[float, ...] = ()

    @property
    def words(self) -> str:
        """What a reader is told that the model was given."""
        return "each row's total" if self.column is None else f"each row's size, `{self.column}`"

    def logarithms(self, sizes: Float[np.ndarray, "n"], name: str) -> Float[np.ndarray, "n"]:
        """log(size/median) of the rows of `name`. Raises DataError for a row whose size is not above 0."""
        if not (sizes > 0).all():
            row = int(np.argmin(sizes > 0))
            held = "no count above 0" if self.column is None else f"{sizes[row]:g} in column `{self.column}`"
            raise DataError(
                f"Wanted a size above 0 for every row; row {row} (counting from 0) of `{name}` has {held}; leave the "
                "row out, or fit without `size_factor`."
            )
        return np.log(sizes / self.middle)


def learn_sizes(
    counts: Num[np.ndarray, "n counts"], sizes: Float[np.ndarray, "n"] | None = None, *, column: str | None = None
) -> Sizes:
    """The sizes of training rows: the totals of their counts, or those of a column."""
    means = tuple(np.asarray(np.nanmean(counts, axis=0, dtype=np.float64)).tolist())
    sizes = totals(counts, means) if sizes is None else sizes
    return Sizes(column=column, middle=float(np.median(sizes)) or 1.0, means=means)


def totals(counts: Num[np.ndarray, "n counts"], means: tuple[float, ...]) -> Float[np.ndarray, "n"]:
    """The total of each row; of one with holes, what is there over the share of `means` that it should hold.

    >>> totals(np.array([[1.0, 3.0], [1.0, np.nan]]), means=(1.0, 3.0)).tolist()
    [4.0, 4.0]
    """
    if counts.dtype.kind != "f" or not np.isnan(counts).any():
        return counts.sum(axis=1, dtype=np.float64)
    usual = np.asarray(means)
    expected = np.where(np.isnan(counts), 0.0, usual).sum(axis=1)
    # A row without any count is of the usual size as far as anyone can say.
    seen = np.where(np.isnan(counts).all(axis=1), usual.sum(), np.nansum(counts, axis=1))
    return seen * usual.sum() / np.where(expected > 0, expected, usual.sum())


_MOST_CATEGORIES = 1000
_CURE = "leave the row out"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Covariate:
    """A column as numbers: (x − centre)/spread, or an indicator for each category, or none where it is constant.

    Where rows of the fit had holes in it, `missing` adds an indicator of them, beside which the other numbers are 0.

    >>> Covariate(column=Column(name="sex", kind="binary", categories=["f", "m"], given=True), missing=True).width
    3
    """

    column: Column
    centre: float = 0.0
    spread: float = 1.0
    missing: bool = False

    @property
    def width(self) -> int:
        """How many numbers stand for one cell."""
        return self._own + self.missing

    @property
    def _own(self) -> int:
        return _width(self.column)

    def encode(self, cells: Cells, name: str) -> Float[np.ndarray, "n width"]:
        """The numbers of cells of the sheet called `name`.

        Raises SupportError for a category that the fit did not see, DataError for another type, and for an empty cell
        where the fit saw none, naming column and row.
        """
        if not self.missing and not cells.present.all():
            row = _row(cells, int(np.argmin(cells.present)))
            raise DataError(
                f"Wanted a value in the given column {cells.title} of `{name}`; row {row} (counting from 0) is empty, "
                "as none was in the fit; fill the cell, or leave the row out."
            )
        own = self._numbers(cells, name) if self._own else np.empty((len(cells.present), 0))
        if not self._own:
            known_codes(self.column, cells, name, cure=_CURE)
        return np.hstack([own, ~cells.present[:, None]]) if self.missing else own

    def restore(self, numbers: Float[np.ndarray, "n width"]) -> pa.Array:
        """The cells that encode as these numbers, null for a missing one."""
        own = np.asarray(numbers[:, : self._own], np.float64)
        if not self._own:
            cells = np.zeros(len(own))
        elif kind_of(self.column).coded:
            cells = own.argmax(axis=1).astype(np.float64)
        else:
            cells = own[:, 0] * self.spread + self.centre
        missing = numbers[:, -1] > 0.5 if self.missing else np.zeros(len(own), bool)
        # Single precision took digits that the column does not have.
        return restored(self.column, np.where(missing, np.nan, cells), as_cells=True)

    def _numbers(self, cells: Cells, name: str) -> Float[np.ndarray, "n own"]:
        kind = kind_of(self.column)
        if kind.coded:
            codes = known_codes(self.column, cells, name, cure=_CURE)
            return (codes[:, None] == np.arange(self._own)).astype(np.float64)
        check_type(cells, kind, name)
        if not cells.present.any():
            return np.zeros((len(cells.present), 1))
        return np.nan_to_num((cells.numbers(self.column.offset, self.column.unit) - self.centre) / self.spread)[:, None]


def with_given(schema: Schema, sheet: Sheet, names: Collection[str], overrides: Mapping[str, Any]) -> Schema:
    """The schema where the columns called `names` are given: read from all rows, since every cell needs numbers.

    Raises DataError for a column of text, keys or too many categories, OptionError for one that is not there.
    """
    if not names:
        return schema
    for name in names:
        schema.column(name)
    # Called by their names in messages: in this part of the sheet, positions would mislead.
    frame = sheet.frame.select([sheet.frame.columns[sheet.columns.index(name)] for name in names])
    part = dataclasses.replace(sheet, frame=frame, named=True)
    found = infer_schema(part, {name: override for name, override in overrides.items() if name in names})
    given = {column.name: _as_given(column, part, place) for place, column in enumerate(found.columns)}
    return dataclasses.replace(schema, columns=tuple(given.get(each.name, each) for each in schema.columns))


def learn_covariates(columns: Sequence[Column], sheet: Sheet, rows: np.ndarray) -> tuple[Covariate, ...]:
    """The covariates of given columns: centre and spread from `rows`, whether cells are missing from all rows."""
    return tuple(
        _learnt(column, cells_like(sheet, sheet.columns.index(column.name), column), rows) for column in columns
    )


def encode_covariates(
    covariates: Sequence[Covariate], sheet: Sheet, *, schema: Schema | None = None
) -> Float[np.ndarray, "n width"]:
    """The numbers of all given columns side by side; raises as `Covariate.encode` does, DataError for a missing column.

    Where the sheet or the fit has no names, columns are told by their position in `schema`.

    >>> from taut.data.sheet import as_sheet
    >>> sheet = as_sheet({"age": [20, 40], "sex": ["f", "m"]})
    >>> schema = with_given(infer_schema(sheet), sheet, ["age", "sex"], {"age": "real", "sex": "binary"})
    >>> encode_covariates(learn_covariates(schema.given, sheet, np.arange(2)), sheet).tolist()
    [[-1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    parts = [
        each.encode(cells_like(sheet, place_of(each.column.name, sheet, schema), each.column), sheet.name)
        for each in covariates
    ]
    return np.hstack([np.empty((len(sheet), 0)), *parts])


def place_of(name: str, sheet: Sheet, schema: Schema | None) -> int:
    """Where a given column is in a sheet. Raises DataError where it is nowhere, ShapeError where widths differ."""
    if schema is not None and not (schema.named and sheet.named):
        if len(sheet.columns) != len(schema.columns):
            raise ShapeError(
                f"Wanted {len(schema.columns)} columns as in the fit; `{sheet.name}` has {len(sheet.columns)}; give "
                "the columns of the fit, those that are given included."
            )
        return [each.name for each in schema.columns].index(name)
    if name not in sheet.columns:
        raise DataError(
            f"Wanted the column `{name}`, which the model is given; `{sheet.name}` has none of that name; add it."
        )
    return sheet.columns.index(name)


def _as_given(column: Column, sheet: Sheet, place: int) -> Column:
    kind, categories = kind_of(column), column.categories
    if kind.constant:
        categories = cells_like(sheet, place, column).distinct
    elif not column.family or len(categories or ()) > _MOST_CATEGORIES:
        raise DataError(
            f"Wanted numbers, dates or categories in the given column `{column.name}` of `{sheet.name}`; it is "
            f"{column.kind}, {column.reason}; set its kind with `schema`, or do not condition on it."
        )
    what = "a constant" if kind.constant else column.kind
    return dataclasses.replace(
        column, family="", given=True, categories=categories, reason=f"given, not modelled: {what}"
    )


def _learnt(column: Column, cells: Cells, rows: np.ndarray) -> Covariate:
    missing = not bool(cells.present.all())
    if kind_of(column).coded:
        return Covariate(column=column, missing=missing)
    values = cells.take(rows).numbers(column.offset, column.unit)
    if np.isnan(values).all():
        raise OptionError(
            f"Wanted a value in the given column `{column.name}` among the training rows; all are empty; leave it out."
        )
    spread = float(np.nanstd(values))
    return Covariate(column=column, centre=float(np.nanmean(values)), spread=spread or 1.0, missing=missing)


def _row(cells: Cells, number: int) -> int:
    return number if cells.rows is None else int(cells.rows[number])


def _width(column: Column) -> int:
    """An indicator for each category, of which one alone tells nothing; else a number."""
    if not kind_of(column).coded:
        return 1
    count = len(column.categories or ())
    return count if count > 1 else 0
