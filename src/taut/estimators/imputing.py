"""Imputation: missing cells of a table filled from p(x_missing | x_observed), with how sure that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pyarrow as pa
import scipy
from jaxtyping import Bool, Float, Num

from taut.auditing import ImputedRows, impute_rows
from taut.data import Schema, Table, as_sheet, decode, encode, entry_places, fill, kind_of
from taut.displays import AbstractShown, ShownTable
from taut.errors import OptionError
from taut.estimators.conditions import as_columns, covariates_for
from taut.estimators.containers import as_came, in_library, rows_in
from taut.estimators.evaluation import check_samples, prepared, sample, sample_means
from taut.estimators.fields import check_blocks
from taut.estimators.holes import readable
from taut.estimators.training import Fitted

WAYS = ("mean", "median", "mode")
# So many entries are named in a message before it trails off.
MOST_NAMED = 12
Values = Float[np.ndarray, "n columns"]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Imputation(AbstractShown):
    """A table with its holes filled.

    `single` and each of `multiple` are of the kind that came, observed cells untouched. The arrays have a row for each
    row and a column for each modelled column (`columns`), in its own units: `missing` marks what was filled,
    `deviation` is the standard deviation of a filled number, `chance` the probability of a filled category, `low` and
    `high` the ends of an interval that should hold `level` of the hidden values.
    """

    single: Any
    multiple: list[Any]
    columns: list[str]
    missing: Bool[np.ndarray, "n columns"]
    deviation: Values
    chance: Values
    low: Values
    high: Values
    level: float

    def _shown(self) -> ShownTable:
        filled = self.missing.sum(axis=0)
        names = [(name, place) for place, name in enumerate(self.columns) if filled[place]]
        rows = [(name, str(filled[place]), *self._sureness(place)) for name, place in names]
        title = f"{filled.sum()} cells filled in {self.missing.any(axis=1).sum()} of {len(self.missing)} rows"
        headings = [
            "column",
            "filled",
            "standard deviation, mean",
            f"width of {self.level:.0%} interval, mean",
            "chance, mean",
        ]
        return ShownTable(headings, rows, title=title)

    def _sureness(self, place: int) -> list[str]:
        """How sure the filled cells of a column are: of numbers the first two, of categories the last."""
        found = [self.deviation, self.high - self.low, self.chance]
        means = [np.mean(values[self.missing[:, place], place]) for values in found]
        return ["" if np.isnan(mean) else f"{mean:.3g}" for mean in means]


def impute(
    fitted: Fitted, X: Any, *, draws: int = 0, how: str = "mean", level: float = 0.9, seed: int = 0, first: int = 0
) -> Imputation:
    """Fill the missing cells of X, whose first row has the number `first` among those that belong together.

    `how` is what a single imputation takes for numbers: the `mean`, the `median`, or the `mode`, which for numbers is
    the median, too; categories take their most probable value in each case. `draws` asks for as many random
    completions beside it.

    Raises OptionError where an option makes no sense, or the fit was of binarised greys.
    """
    check_asked(draws=draws, how=how, level=level)
    schema, sheet = fitted.schema, as_sheet(X)
    check_fillable(schema)
    table = prepared(fitted, sheet)
    found = completed(fitted, table, draws=max(draws, 1), level=level, seed=seed, first=first)
    entries = schema.entries
    coded = np.array([kind_of(entry).coded for entry in entries])
    numbers = found.mean if how == "mean" else found.middle
    single = np.where(coded, found.mode, numbers)
    offsets, units = (np.array([getattr(each, name) for each in entries]) for name in ("offset", "unit"))
    filled = [fill(schema, sheet, found.draws[:, number]) for number in range(draws)]
    return Imputation(
        single=as_came(fill(schema, sheet, single), X),
        multiple=[as_came(frame, X) for frame in filled],
        columns=[entry.name for entry in entries],
        missing=fitted.architecture.rows(table).holes(),
        deviation=np.where(coded, np.nan, found.deviation * units),
        chance=np.where(coded, found.chance, np.nan),
        low=np.where(coded, np.nan, found.low * units + offsets),
        high=np.where(coded, np.nan, found.high * units + offsets),
        level=level,
    )


def check_fillable(schema: Schema) -> None:
    """Raise OptionError where rows were binarised, since the model has never seen their greys."""
    if schema.binarisation.kind != "none":
        raise OptionError(
            "Filling cells wants a model of them; this one is of their zeros and ones, drawn by `binarise`; fit the "
            "greys as they are."
        )


def check_asked(*, draws: int, how: str, level: float = 0.9) -> None:
    """Raise OptionError where an option makes no sense."""
    if how not in WAYS:
        raise OptionError(f"`how` wants one of {', '.join(WAYS)}; got `{how}`; choose one.", option="how")
    if draws < 0 or draws > 200:
        raise OptionError(f"`draws` wants a number from 0 to 200; got {draws}; 5 are usual.", option="draws")
    if not 0 < level < 1:
        raise OptionError(f"`level` wants a share between 0 and 1; got {level}; 0.9 is usual.", option="level")


def completed(
    fitted: Fitted, table: Table, *, draws: int, level: float = 0.9, seed: int = 0, first: int = 0
) -> ImputedRows:
    """The completion of every coded row; rows without holes are passed on as they are."""
    columns = fitted.schema.entries
    rows = fitted.architecture.rows(dataclasses.replace(table, values=np.asarray(table.values, np.float64)))
    entries, holes = rows.with_nan(), rows.holes()
    holed = np.nonzero(holes.any(axis=1))[0]
    codes = tuple(len(column.categories or ()) for column in columns)
    nothing = np.zeros_like(entries)
    everything = [entries, entries, nothing + 1.0, nothing, entries, entries, entries]
    full = ImputedRows(
        *(np.array(part) for part in everything),
        draws=np.repeat(entries[:, None], draws, axis=1),
        ess=np.full(len(entries), np.nan),
    )
    if len(holed) == 0:
        return full
    model, guide = readable(fitted, rows)
    found = impute_rows(
        model, guide, rows.take(holed), key=jr.key(seed), draws=draws, codes=codes, level=level, rows=holed + first
    )
    for whole, part in zip(full, found, strict=True):
        missing = holes[holed] if whole.ndim == 2 else holes[holed][:, None]
        whole[holed] = np.where(missing, part, whole[holed]) if whole.ndim > 1 else part
    # What was observed never passes through the single precision of the model.
    for name in ("chance", "deviation"):
        getattr(full, name)[holed] = getattr(found, name)
    return full


def sample_rows(
    fitted: Fitted, n: int, library: str, *, seed: int, given: Any = None, holes: bool = False, mean: bool = False
) -> Any:
    """New rows as a frame of this library or an array, see `rows_in`.

    They are drawn from the model, or from p(rest | given) where some columns or entries of blocks have values. With
    `holes` they lack cells in the patterns of the training rows, drawn as often as each came; cells that may hide
    themselves lack by what they hold.

    What a conditional model is given is among the columns; what `given` leaves out of it is that of training rows drawn
    at random. Raises OptionError for a column that is not modelled, DataError for a value that it cannot have.
    """
    check_samples(n)
    if mean:
        _check_has_means(fitted, given, holes=holes)
        return rows_in(fitted.schema, sample_means(fitted, n, seed=seed), library)
    schema, conditions, columns = fitted.schema, fitted.architecture.conditions, as_columns(given, n)
    places = entry_places(schema)
    own = {name: cells for name, cells in columns.items() if name in places}
    others = {name: cells for name, cells in columns.items() if name not in places}
    _check_known(schema, others)
    known = np.zeros(schema.width, bool)
    known[[place for name in own for place in places[name]]] = True
    beside = None
    if fitted.given_rows is not None:
        beside = covariates_for(conditions, fitted.given_rows, n, others, seed=seed)
    values = _drawn(fitted, _given_entries(schema, own, n), beside, seed=seed)
    if holes:
        if fitted.holes is None:
            raise OptionError(
                "`holes` wants a fit that kept which cells its rows lacked; this one did not; fit again.",
                option="holes",
            )
        values = np.where(drawn_holes(fitted, values, seed=seed) & ~known, np.nan, values)
    if beside is None or schema.spread is not None:
        return rows_in(schema, values, library, like=given, as_cells=True)
    said = {name: others[name] for name in conditions.names if name in others}
    arrows = dict(zip(said, as_sheet(said, "given").frame.to_arrow().columns, strict=True)) if said else {}
    rows = with_cells(decode(schema, values, as_cells=True), schema, conditions.cells(beside) | arrows)
    return in_library(rows, library, schema=schema, like=given)


def _check_has_means(fitted: Fitted, given: Any, *, holes: bool) -> None:
    """Raise OptionError where E[x|z] is no row, or another one is asked for."""
    if fitted.schema.one_block is None or fitted.given_rows is not None or given or holes:
        raise OptionError(
            "`mean` wants whole rows of one block of numbers, such as images, and nothing given; leave it out.",
            option="mean",
        )


def _check_known(schema: Schema, names: Collection[str | int]) -> None:
    """Raise OptionError for a name that is none of a column that is given."""
    given = [column.name for column in schema.given]
    unknown = [str(name) for name in names if name not in given]
    if unknown:
        entries = [column.name for column in schema.unfolded.modelled]
        known = ", ".join([*entries[:MOST_NAMED], *([] if len(entries) <= MOST_NAMED else ["…"]), *given])
        raise OptionError(
            f"`given` wants columns among {known}; got `{min(unknown)}`; name one of these.", option="given"
        )


def _given_entries(schema: Schema, given: Mapping[str | int, Any], n: int) -> Values:
    """Coded rows of what is given, NaN elsewhere. Raises SupportError for a value that its field cannot have."""
    entries, places = schema.entries, entry_places(schema)
    cells: dict[str, Any] = {column.name: [None] * n for column in schema.unfolded.columns}
    inside = {}
    for name, own in given.items():
        key = entries[places[name][0]].name if isinstance(name, int) else name
        (cells if key in cells else inside)[key] = own
    table = encode(schema, as_sheet(cells, "given"), strict=True)
    values = np.array(table.values, np.float64)
    for name, own in inside.items():
        place = int(places[name][0])
        values[:, place] = (np.asarray(own, np.float64) - entries[place].offset) / entries[place].unit
    check_blocks(schema, dataclasses.replace(table, values=values))
    return values


def _drawn(
    fitted: Fitted, given: Values, beside: Float[np.ndarray, "n width"] | None, *, seed: int
) -> Num[np.ndarray, "n columns"]:
    """Draws of all entries at these covariates, from p(rest | given)."""
    if fitted.schema.one_block is not None and np.isnan(given).all():
        return sample(fitted, len(given), beside, seed=seed)
    # What is drawn was not hidden by itself.
    plain = fitted.as_if_random()
    return completed(plain, Table(values=given, name="given", conditions=beside), draws=1, seed=seed).draws[:, 0]


def drawn_holes(fitted: Fitted, values: Values, *, seed: int) -> Bool[np.ndarray, "n columns"]:
    """Which cells of drawn rows are missing: in the patterns of training rows, or because of what they hold."""
    assert fitted.holes is not None
    holes, missingness = fitted.holes.draw(len(values), seed=seed), fitted.missingness
    if missingness is None:
        return holes
    odds = np.asarray(jax.vmap(missingness.log_odds)(jnp.asarray(values, jnp.result_type(float))), np.float64)
    own = np.random.default_rng([seed, 2]).random(values.shape) < scipy.special.expit(odds)
    return np.where(np.asarray(missingness.informative), own, holes)


def with_cells(rows: pa.Table, schema: Schema, cells: dict[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    """The rows with these columns among them, in the order of the schema."""
    columns = {name: rows[name] for name in rows.column_names} | cells
    return pa.table({column.name: columns[column.name] for column in schema.columns if column.name in columns})
