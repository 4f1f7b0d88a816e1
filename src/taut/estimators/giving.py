"""From the words `condition_on` and `size_factor` to what a model is given: which columns, and their numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from taut.data import Column, Schema, Sheet, Table, as_sheet, cells_of, in_words, with_given
from taut.errors import OptionError, ShapeError
from taut.estimators.conditions import NO_CONDITIONS, Conditions, column_of, learn_conditions

# So many training rows are kept to draw covariates from.
MOST_KEPT = 10_000


class Asked(NamedTuple):
    """Columns by name or number, and where sizes come from: None, `auto`, `total`, or the name of a column.

    `auto` is the total of each row for data that come as cells of counts with something beside them, else None.
    """

    columns: list[str | int]
    size_factor: str | None

    @classmethod
    def of(cls, condition_on: Sequence[str | int] | str | int | None, size_factor: str | None) -> Asked:
        """What was asked for; one column may come without a list around it."""
        one = isinstance(condition_on, str | int)
        return cls([condition_on] if one else list(condition_on or ()), size_factor)

    @property
    def by_column(self) -> bool:
        """Whether a column is named, so that one must be found."""
        return bool(self.columns) or self.size_factor not in (None, "auto", "total")

    def settled(self, *, cells: bool) -> Asked:
        """With `auto` decided."""
        return self._replace(size_factor="total" if cells else None) if self.size_factor == "auto" else self

    def names(self, sheet: Sheet) -> list[str]:
        """The columns by their names. Raises OptionError for one that the sheet lacks."""
        sizes = [] if self.size_factor in (None, "total") else [self.size_factor]
        known = sheet.columns
        found = [known[one] if isinstance(one, int) and 0 <= one < len(known) else one for one in self.columns]
        for name in (*found, *sizes):
            if name not in known:
                raise OptionError(
                    f"Wanted columns of `{sheet.name}` to be given; got `{name}`; choose among {in_words(known, 12)}."
                )
        return list(dict.fromkeys(str(name) for name in (*found, *sizes)))


NOTHING_ASKED = Asked([], None)


class Given(NamedTuple):
    """What a model is given, and the numbers of it for every row; None where it is given nothing."""

    conditions: Conditions
    numbers: Float[np.ndarray, "n width"] | None


NOTHING_GIVEN = Given(NO_CONDITIONS, None)


def with_conditions(schema: Schema, sheet: Sheet, asked: Asked, wishes: Mapping[str, Any]) -> Schema:
    """The schema with its given columns: kinds as the person wishes, else as the cells look; a size is a number."""
    names = asked.names(sheet)
    known = {column.name for column in schema.columns}
    new = (Column(name=name, kind="text") for name in names if name not in known)
    sizes = {asked.size_factor: "real"} if asked.size_factor in names else {}
    wishes = sizes | {name: wish for name, wish in wishes.items() if name in names}
    return with_given(dataclasses.replace(schema, columns=(*schema.columns, *new)), sheet, names, wishes)


def given_rows(table: Table, schema: Schema, asked: Asked, rows: np.ndarray) -> Given:
    """What is given beside coded rows, learnt from the training `rows`."""
    if not schema.given and asked.size_factor is None:
        return NOTHING_GIVEN
    conditions = learn_conditions(schema, asked.size_factor, table, rows)
    return Given(conditions, conditions.numbers(table, schema))


def kept_rows(numbers: Float[np.ndarray, "n width"] | None, *, seed: int) -> Float[np.ndarray, "kept width"] | None:
    """Covariates of training rows to draw from later: all, or that many chosen at random."""
    if numbers is None:
        return None
    return numbers[np.sort(np.random.default_rng(seed).permutation(len(numbers))[:MOST_KEPT])]


def covariates_for(
    conditions: Conditions,
    kept: Float[np.ndarray, "kept width"],
    n: int,
    given: Mapping[Any, Any],
    *,
    seed: int,
) -> Float[np.ndarray, "n width"]:
    """Covariates for n new rows: those of training rows drawn at random, together; `given` overrules by column.

    `given` holds columns of n cells. Raises DataError as `Conditions.numbers` does.
    """
    rows, start = kept[np.random.default_rng(seed).integers(len(kept), size=n)].copy(), 0
    if not given:
        return rows
    sheet = as_sheet(dict(given), "given")
    for each in conditions.covariates:
        if each.column.name in given:
            cells = cells_of(sheet, sheet.columns.index(each.column.name))
            rows[:, start : start + each.width] = each.encode(cells, sheet.name)
        start += each.width
    sizes = conditions.sizes
    if sizes is not None and sizes.column in given:
        rows[:, -1] = sizes.logarithms(column_of(sheet, str(sizes.column)), sheet.name)
    return rows


def as_columns(given: Any, n: int) -> dict[str | int, Any]:
    """What a person gives for n rows, as columns of n cells: a frame of n rows or 1, or a mapping of cells or columns.

    Raises ShapeError where a column has another number of cells.

    >>> as_columns({"sex": "f", "age": [30, 40]}, 2)
    {'sex': ['f', 'f'], 'age': [30, 40]}
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        sheet = as_sheet(given, "given")
        given = {name: series.to_list() for name, series in zip(sheet.columns, sheet.series, strict=True)}
    columns = {}
    for name, cells in given.items():
        many = isinstance(cells, Sequence | np.ndarray) and not isinstance(cells, str)
        own = list(cells) if many else [cells]
        if len(own) not in (1, n):
            raise ShapeError(f"Wanted {n} cells, or one for all, of `{name}` in `given`; got {len(own)}; give them.")
        columns[name if isinstance(name, int) else str(name)] = own * n if len(own) == 1 else own
    return columns
