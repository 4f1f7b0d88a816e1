"""Imputation: missing cells of a table filled from p(x_missing | x_observed), with how sure that is."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pyarrow as pa
import scipy
from jaxtyping import Bool, Float

from taut.auditing import Completion, complete_rows
from taut.data import Schema, Table, as_sheet, decode, encode, fill, kind_of
from taut.errors import OptionError
from taut.estimators.blocks import schema_of
from taut.estimators.conditions import joined
from taut.estimators.containers import as_came
from taut.estimators.evaluation import prepared
from taut.estimators.giving import as_columns, covariates_for
from taut.estimators.holes import readable
from taut.estimators.training import Fitted

WAYS = ("mean", "median", "mode")
Values = Float[np.ndarray, "n columns"]


@dataclasses.dataclass(frozen=True, eq=False)
class Imputation:
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


def impute(
    fitted: Fitted, X: Any, *, draws: int = 0, how: str = "mean", level: float = 0.9, seed: int = 0
) -> Imputation:
    """Fill the missing cells of X.

    `how` is what a single imputation takes for numbers: the `mean`, the `median`, or the `mode`, which for numbers is
    the median, too; categories take their most probable value in each case. `draws` asks for as many random
    completions beside it.

    Raises OptionError where an option makes no sense, or the fit was of binarised greys.
    """
    check_asked(draws=draws, how=how, level=level)
    schema, sheet = schema_of(fitted), as_sheet(X)
    table = prepared(fitted, sheet)
    found = completed(fitted, table, draws=max(draws, 1), level=level, seed=seed)
    features = len(schema.modelled)
    coded = np.array([kind_of(column).coded for column in schema.modelled])
    numbers = found.mean if how == "mean" else found.middle
    single = np.where(coded, found.mode, numbers)
    offsets, units = (np.array([getattr(each, name) for each in schema.modelled]) for name in ("offset", "unit"))
    filled = [fill(schema, sheet, found.draws[:, number]) for number in range(draws)]
    return Imputation(
        single=as_came(fill(schema, sheet, single), X),
        multiple=[as_came(frame, X) for frame in filled],
        columns=[column.name for column in schema.modelled],
        missing=np.isnan(table.values[:, :features]),
        deviation=np.where(coded, np.nan, found.deviation * units),
        chance=np.where(coded, found.chance, np.nan),
        low=np.where(coded, np.nan, found.low * units + offsets),
        high=np.where(coded, np.nan, found.high * units + offsets),
        level=level,
    )


def check_asked(*, draws: int, how: str, level: float = 0.9) -> None:
    """Raise OptionError where an option makes no sense."""
    if how not in WAYS:
        raise OptionError(f"`how` wants one of {', '.join(WAYS)}; got `{how}`; choose one.")
    if draws < 0 or draws > 200:
        raise OptionError(f"`draws` wants a number from 0 to 200; got {draws}; 5 are usual.")
    if not 0 < level < 1:
        raise OptionError(f"`level` wants a share between 0 and 1; got {level}; 0.9 is usual.")


def completed(fitted: Fitted, table: Table, *, draws: int, level: float = 0.9, seed: int = 0) -> Completion:
    """The completion of every coded row; rows without holes are passed on as they are."""
    columns = schema_of(fitted).modelled
    features = len(columns)
    values = np.asarray(table.values, np.float64)
    entries = values[:, :features]
    holed = np.nonzero(np.isnan(entries).any(axis=1))[0]
    codes = tuple(len(column.categories or ()) for column in columns)
    nothing = np.zeros_like(entries)
    everything = [entries, entries, nothing + 1.0, nothing, entries, entries, entries]
    full = Completion(
        *(np.array(part) for part in everything),
        draws=np.repeat(entries[:, None], draws, axis=1),
        ess=np.full(len(entries), np.nan),
    )
    if len(holed) == 0:
        return full
    model, guide = readable(fitted, values)
    found = complete_rows(
        model, guide, values[holed], key=jr.key(seed), draws=draws, codes=codes, level=level, rows=holed
    )
    for whole, part in zip(full, found, strict=True):
        whole[holed] = np.where(np.isnan(whole[holed]), part, whole[holed]) if whole.ndim > 1 else part
    # What was observed never passes through the single precision of the model.
    for name in ("chance", "deviation"):
        getattr(full, name)[holed] = getattr(found, name)
    return full


def sample_table(
    fitted: Fitted,
    n: int,
    *,
    seed: int,
    given: Any = None,
    holes: bool = False,
) -> pa.Table:
    """New rows as a table of Arrow: from the model, or from p(rest | given) where some columns have values.

    With `holes` they lack cells in the patterns of the training rows, drawn as often as each came; cells that may hide
    themselves lack by what they hold.

    What a conditional model is given is among the columns; what `given` leaves out of it is that of training rows drawn
    at random. Raises OptionError for a column that is not modelled, DataError for a value that it cannot have.
    """
    assert fitted.schema is not None
    if n < 1:
        raise OptionError(f"At least one sample is wanted; got {n}; ask for more.")
    schema = fitted.schema
    conditions, given = fitted.architecture.conditions, as_columns(given, n)
    known = [column.name for column in (*schema.modelled, *schema.given)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise OptionError(f"`given` wants columns among {', '.join(known)}; got `{unknown[0]}`; name one of these.")
    columns = {column.name: given.get(column.name, [None] * n) for column in schema.columns}
    table = encode(schema, as_sheet(columns, "given"), strict=True)
    beside = None
    if fitted.given_rows is not None:
        beside = covariates_for(conditions, fitted.given_rows, n, given, seed=seed)
        table = dataclasses.replace(table, values=joined(table.values, beside))
    # What is drawn was not hidden by itself.
    plain = dataclasses.replace(fitted, model=fitted.model.as_if_random())
    values = completed(plain, table, draws=1, seed=seed).draws[:, 0]
    if holes:
        if fitted.holes is None:
            raise OptionError("`holes` wants a fit that kept which cells its rows lacked; this one did not; fit again.")
        hidden = ~np.array([column.name in given for column in schema.modelled])
        values = np.where(drawn_holes(fitted, values, seed=seed) & hidden, np.nan, values)
    rows = decode(schema, values, as_cells=True)
    if beside is None:
        return rows
    known = {name: given[name] for name in conditions.names if name in given}
    said = dict(zip(known, as_sheet(known, "given").frame.to_arrow().columns, strict=True)) if known else {}
    return with_cells(rows, schema, conditions.cells(beside) | said)


def drawn_holes(fitted: Fitted, values: Values, *, seed: int) -> Bool[np.ndarray, "n columns"]:
    """Which cells of drawn rows are missing: in the patterns of training rows, or because of what they hold."""
    assert fitted.holes is not None
    holes, missingness = fitted.holes.draw(len(values), seed=seed), fitted.model.missingness
    if missingness is None:
        return holes
    odds = np.asarray(jax.vmap(missingness.log_odds)(jnp.asarray(values, jnp.result_type(float))), np.float64)
    own = np.random.default_rng([seed, 2]).random(values.shape) < scipy.special.expit(odds)
    return np.where(np.asarray(missingness.speaks), own, holes)


def with_cells(rows: pa.Table, schema: Schema, cells: dict[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    """The rows with these columns among them, in the order of the schema."""
    columns = {name: rows[name] for name in rows.column_names} | cells
    return pa.table({column.name: columns[column.name] for column in schema.columns if column.name in columns})
