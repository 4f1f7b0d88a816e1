"""The account of a table: what log p(x) is made of, and each column by itself, given the others, in samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.random as jr
import numpy as np
from jaxtyping import Float, Int

from taut.auditing.budget import COLUMNS, Budget
from taut.auditing.columns.decomposition import (
    Cells,
    decomposition_of,
    independent_baseline,
    measure_of,
    table_of,
    unit_of,
)
from taut.auditing.columns.leave_one_out import DRAWS, LeaveOneOut, leave_one_out
from taut.auditing.columns.marginals import Pairs, dependence_of, marginal_of, pairs_of
from taut.auditing.columns.masked_cells import calibration_of, scores_of_masked_cells
from taut.auditing.means import mean_over_rows, quantiles
from taut.auditing.measurement import Measured
from taut.auditing.simulation import drawn_rows
from taut.data import Column, Schema
from taut.datum import as_datum, rows_in, rows_on_device
from taut.guides import AbstractGuide
from taut.models import AbstractModel, LatentVariableModel
from taut.numerics import take
from taut.record import ColumnAccount, Estimate, MaskedCells, TableAccount
from taut.shapes import DataLike, RandomKey

# Rows behind what is conditional on other cells; rows on either side of the comparison with samples.
LOOKED_AT, COMPARED = 500, 2000
STAGES = 4


class TableFound(NamedTuple):
    """The account of a table and of each of its columns."""

    table: TableAccount
    columns: list[ColumnAccount]


class _Deep(NamedTuple):
    """Results that need leave-one-out posteriors or samples, and the cells of the rows used."""

    cells: Cells
    alone: Cells
    others: LeaveOneOut
    hidden: list[MaskedCells | None]
    real: Cells
    synthetic: Cells
    pairs: Pairs


def account_of_table(
    model: AbstractModel,
    guide: AbstractGuide,
    measured: Measured,
    schema: Schema,
    *,
    key: RandomKey,
    on_stage: Callable[[int], None],
    budget: Budget,
) -> TableFound:
    """The account of these audited rows, coded as by `taut.data.encode`.

    Where no posterior was refined, an audit was stopped or its time was spent, only what the encoder's own draws say.
    The distortions of all fields add up to that of the ledger, being means of the same draws. Of a block only its
    distortion is said: what is conditional on other cells is a question about columns.
    """
    cells = _cells(measured.data)
    fits = isinstance(model, LatentVariableModel) and guide.amortised
    deep, posterior = None, measured.rows.posterior
    columns, _ = _columns_of(schema)
    if columns and posterior is not None and measured.ended != "interrupted" and fits:
        deep = budget.attempt(
            "each column given the others, hidden cells and samples",
            lambda: _look(model, guide, measured, schema, middles=posterior.mean, key=key, on_stage=on_stage),
            programs=COLUMNS,
            running=2 * min(LOOKED_AT, len(cells)) * budget.a_row,
        )
    accounts = [
        ColumnAccount(
            **_field(column, span, cells, measured),
            **({} if deep is None or column.block is not None else _given_others(column, deep, columns)),
        )
        for column, span in schema.spans
    ]
    missingness = getattr(model, "missingness", None) is not None
    table = table_of(
        schema,
        cells,
        decomposition_of(accounts),
        missingness=missingness,
        **({} if deep is None else _conditional(deep, columns)),
    )
    return TableFound(table, accounts)


def _look(
    model: AbstractModel,
    guide: AbstractGuide,
    measured: Measured,
    schema: Schema,
    *,
    middles: Float[np.ndarray, "n latents"],
    key: RandomKey,
    on_stage: Callable[[int], None],
) -> _Deep:
    choice_key, others_key, hiding_key, sample_key = jr.split(key, 4)
    order = np.asarray(jr.permutation(choice_key, rows_in(measured.data)))
    chosen = np.sort(order[:LOOKED_AT])
    rows, compared = take(measured.data, chosen), take(measured.data, np.sort(order[:COMPARED]))
    columns, places = _columns_of(schema)
    on_stage(0)
    resolutions = np.array([(entry.resolution or 0.0) / entry.unit for entry in schema.entries])
    # Cells are hidden here whatever they are, and a model of missingness would read something into it.
    plain = model.as_if_random() if isinstance(model, LatentVariableModel) else model
    others = leave_one_out(
        plain,
        guide,
        rows,
        middles=middles[chosen],
        resolutions=resolutions,
        key=others_key,
        rows=measured.numbers[chosen],
    )
    on_stage(1)
    hidden = scores_of_masked_cells(plain, guide, rows, schema.entries, places, key=hiding_key)
    on_stage(2)
    real = _cells(compared)[:, places]
    synthetic = _cells(drawn_rows(model, rows_on_device(compared), sample_key)[0])[:, places]
    pairs = pairs_of(columns, real, synthetic)
    on_stage(3)
    cells = _cells(rows)[:, places]
    found = independent_baseline(columns, cells)
    on_stage(STAGES)
    others = LeaveOneOut(*(np.asarray(part)[:, places] for part in others))
    return _Deep(cells, found, others, hidden, real, synthetic, pairs)


def _cells(data: DataLike) -> Cells:
    return np.asarray(as_datum(data).with_nan(), np.float64)


def _columns_of(schema: Schema) -> tuple[list[Column], Int[np.ndarray, "columns"]]:
    """The fields that are columns, and where they are among the entries."""
    known = [(column, span.start) for column, span in schema.spans if column.block is None]
    return [column for column, _ in known], np.array([place for _, place in known], np.int64)


def _field(column: Column, span: slice, cells: Cells, measured: Measured) -> dict[str, Any]:
    terms = measured.rows.terms
    assert terms is not None
    observed = int((~np.isnan(cells[:, span])).sum())
    # The errors of one row are those of the same draws, and may all go one way.
    value, error = (each[:, span].sum(axis=1) for each in (terms.value, terms.error))
    return {
        "name": column.name,
        "kind": column.kind,
        "family": column.family,
        "measure": measure_of(column),
        "unit": unit_of(column),
        "reason": column.reason,
        "cells": observed,
        "observed": observed / (len(cells) * column.width),
        "distortion": mean_over_rows(value, error, population=measured.population, draws=None, condition=None),
    }


def _given_others(column: Column, deep: _Deep, columns: Sequence[Column]) -> dict[str, Any]:
    place = columns.index(column)
    there = ~np.isnan(deep.cells[:, place])
    found: dict[str, Any] = {
        "masked": deep.hidden[place],
        "marginal": marginal_of(column, deep.real[:, place], deep.synthetic[:, place]),
    }
    log_p, by_itself = (np.asarray(each[there, place], np.float64) for each in (deep.others.log_p, deep.alone))
    if len(columns) > 1:
        partner = int(np.argmax(np.abs(deep.pairs.real[place])))
        strength = abs(float(deep.pairs.real[place, partner]))
        found |= {"partner": columns[partner].name, "association": round(strength, 4)}
    sound = np.isfinite(log_p) & np.isfinite(by_itself)
    if not sound.any():
        return found
    places = np.asarray(deep.others.place[there, place], np.float64)[sound]
    return found | {
        "independent_baseline": Estimate.of_mean(
            by_itself[sound], "the family's best fit to these cells, which saw them"
        ),
        "conditional": Estimate.of_mean(
            log_p[sound], f"given the row's other cells, {DRAWS} latents by importance weights"
        ),
        "gain": Estimate.of_mean(log_p[sound] - by_itself[sound], "conditional − alone, paired by cell"),
        "calibration": calibration_of(places, columns=len(columns)),
    }


def _conditional(deep: _Deep, columns: Sequence[Column]) -> dict[str, Any]:
    """Counts behind the conditional numbers and the comparison with samples."""
    observed = ~np.isnan(deep.cells)
    return {
        "looked_at": len(deep.cells),
        "simulated": len(deep.synthetic),
        "draws": DRAWS,
        "ess": quantiles(np.asarray(deep.others.ess)[observed]) if observed.any() else None,
        "dependence": dependence_of(columns, deep.pairs),
    }
