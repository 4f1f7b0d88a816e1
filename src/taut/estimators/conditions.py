"""What a model is given and does not explain: the values of some columns, and how large each row of counts is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int, Num

from taut.data import (
    Column,
    Covariate,
    Schema,
    Sheet,
    Sizes,
    Table,
    as_sheet,
    cells_of,
    check_type,
    encode_covariates,
    in_words,
    kind_named,
    learn_covariates,
    learn_sizes,
    place_of,
    totals,
    with_given,
)
from taut.datum import Datum
from taut.errors import DataError, OptionError, ShapeError
from taut.likelihoods import known_family

Rows = Num[np.ndarray, "n features"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conditions:
    """The covariates of a model in their order behind the entries of a datum; the logarithm of the size comes last."""

    covariates: tuple[Covariate, ...] = ()
    sizes: Sizes | None = None

    @property
    def width(self) -> int:
        """How many numbers stand behind the entries."""
        return sum(each.width for each in self.covariates) + (self.sizes is not None)

    @property
    def names(self) -> list[str]:
        """The columns that must come with every row."""
        column = None if self.sizes is None else self.sizes.column
        return [*(each.column.name for each in self.covariates), *([] if column is None else [column])]

    @property
    def words(self) -> str:
        """What is given, for a sentence; empty where nothing is."""
        columns = [f"`{each.column.name}`" for each in self.covariates]
        return ", ".join([*columns, *([] if self.sizes is None else [self.sizes.words])])

    def numbers(self, table: Table, schema: Schema) -> Float[np.ndarray, "n width"]:
        """The covariates of coded rows: columns from what stands beside them, totals from their entries.

        Raises DataError, naming column and row, where a column is missing, empty, of another type or category than in
        the fit, or a size is not above 0.
        """
        parts = [np.empty((len(table), 0))]
        if self.covariates:
            parts.append(encode_covariates(self.covariates, _beside(table, self.names), schema=schema))
        if self.sizes is not None:
            counts, sizes = table.values[:, counted(schema)], self.sizes
            if sizes.column is None:
                raw = totals(counts, sizes.means)
            else:
                raw = column_of(_beside(table, self.names), sizes.column, schema)
            parts.append(sizes.logarithms(raw, table.name)[:, None])
        return np.hstack(parts).astype(np.float32)

    def cells(self, numbers: Float[np.ndarray, "n width"]) -> dict[str, pa.Array | pa.ChunkedArray]:
        """The columns that encode as these numbers; a total is no column."""
        columns, start = {}, 0
        for each in self.covariates:
            columns[each.column.name] = each.restore(numbers[:, start : start + each.width])
            start += each.width
        if self.sizes is not None and self.sizes.column is not None:
            columns[self.sizes.column] = pa.array(np.exp(numbers[:, -1].astype(np.float64)) * self.sizes.middle)
        return columns

    def rows(self, values: Rows, numbers: Float[np.ndarray, "n width"] | None, *, holes: bool) -> Datum:
        """Rows of these values, NaN where one is missing if there are `holes`, and the numbers of their conditions."""
        rows = Datum.of(values) if holes else Datum(values)
        if numbers is None or not numbers.shape[1]:
            return rows
        covariates = numbers[:, : sum(each.width for each in self.covariates)]
        return dataclasses.replace(
            rows,
            covariates=covariates if covariates.shape[1] else None,
            log_offset=None if self.sizes is None else numbers[:, -1],
        )

    def beside(self, table: Table, schema: Schema) -> Table:
        """Coded rows with the numbers that the model is given of each."""
        return table if not self.width else dataclasses.replace(table, conditions=self.numbers(table, schema))


NO_CONDITIONS = Conditions()


def learn_conditions(schema: Schema, size_factor: str | None, table: Table, rows: np.ndarray) -> Conditions:
    """What is given by the given columns of a schema and by sizes, read from the training `rows` of a coded table.

    Raises OptionError where sizes are wanted and nothing is a count.
    """
    own = [column for column in schema.given if column.name != size_factor]
    covariates = learn_covariates(own, _beside(table, [column.name for column in own]), rows) if own else ()
    if size_factor is None:
        return Conditions(covariates=covariates)
    counts = table.values[rows][:, counted(schema)]
    if not counts.shape[1]:
        raise OptionError(
            "`size_factor` wants columns of counts; got none; set their kinds, or leave it out.", option="size_factor"
        )
    if size_factor == "total":
        return Conditions(covariates=covariates, sizes=learn_sizes(counts))
    raw = column_of(_beside(table, [size_factor]), size_factor, schema)
    return Conditions(covariates=covariates, sizes=learn_sizes(counts, raw[rows], column=size_factor))


def has_log_means(field: Column) -> bool:
    """Whether the likelihood of a field is one of counts, to whose log means that of a row's size can be added."""
    known = known_family(field.family)
    return known is not None and known.log_means


def counted(schema: Schema) -> Int[np.ndarray, "counts"]:
    """Which entries are counts."""
    places = [np.arange(span.start, span.stop) for column, span in schema.spans if has_log_means(column)]
    return np.concatenate([np.empty(0, np.int64), *places])


def _beside(table: Table, names: Sequence[str]) -> Sheet:
    """The columns beside coded rows. Raises DataError where there are none."""
    sheet: Sheet | None = table.beside
    if sheet is None or not sheet.columns:
        raise DataError(
            f"Wanted {', '.join(f'`{each}`' for each in names)} beside the rows of `{table.name}`, since the model is "
            "given them; got an array without; pass what the fit saw."
        )
    return sheet


def column_of(sheet: Sheet, name: str, schema: Schema | None = None) -> Float[np.ndarray, "n"]:
    """A column of numbers, all of which are there; an empty cell counts as 0, which is refused after."""
    cells = cells_of(sheet, place_of(name, sheet, schema))
    check_type(cells, kind_named("real"), sheet.name)
    return np.nan_to_num(cells.numbers())


# So many training rows are kept to draw covariates from.
MOST_KEPT = 10_000


class Conditioning(NamedTuple):
    """Columns by name or number, and where sizes come from: None, `auto`, `total`, or the name of a column.

    `auto` is the total of each row for data that come as cells of counts with something beside them, else None.
    """

    columns: list[str | int]
    size_factor: str | None

    @classmethod
    def of(cls, condition_on: Sequence[str | int] | str | int | None, size_factor: str | None) -> Conditioning:
        """What was asked for; one column may come without a list around it."""
        one = isinstance(condition_on, str | int)
        return cls([condition_on] if one else list(condition_on or ()), size_factor)

    @property
    def by_column(self) -> bool:
        """Whether a column is named, so that one must be found."""
        return bool(self.columns) or self.size_factor not in (None, "auto", "total")

    def settled(self, *, cells: bool) -> Conditioning:
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


NO_CONDITIONING = Conditioning([], None)


class Conditioned(NamedTuple):
    """What a model is given, and the numbers of it for every row; None where it is given nothing."""

    conditions: Conditions
    numbers: Float[np.ndarray, "n width"] | None


NOT_CONDITIONED = Conditioned(NO_CONDITIONS, None)


def with_conditions(schema: Schema, sheet: Sheet, conditioning: Conditioning, overrides: Mapping[str, Any]) -> Schema:
    """The schema with its given columns: kinds as the person overrides, else as the cells look; a size is a number."""
    names = conditioning.names(sheet)
    known = {column.name for column in schema.columns}
    new = (Column(name=name, kind="text") for name in names if name not in known)
    sizes = {conditioning.size_factor: "real"} if conditioning.size_factor in names else {}
    overrides = sizes | {name: override for name, override in overrides.items() if name in names}
    return with_given(dataclasses.replace(schema, columns=(*schema.columns, *new)), sheet, names, overrides)


def given_rows(table: Table, schema: Schema, conditioning: Conditioning, rows: np.ndarray) -> Conditioned:
    """What is given beside coded rows, learnt from the training `rows`."""
    if not schema.given and conditioning.size_factor is None:
        return NOT_CONDITIONED
    conditions = learn_conditions(schema, conditioning.size_factor, table, rows)
    return Conditioned(conditions, conditions.numbers(table, schema))


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
