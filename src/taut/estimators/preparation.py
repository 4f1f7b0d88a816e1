"""From what a person passes to `fit` to rows of numbers that train: their fields, what is given, which are held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from taut.data import Binarisation, Schema, Sheet, Table, encode, fields_of, read_schema, split
from taut.errors import DataError, SupportError
from taut.estimators.fields import infer_fields
from taut.estimators.giving import NOTHING_ASKED, NOTHING_GIVEN, Asked, Given, given_rows, with_conditions
from taut.estimators.part_building import name_of
from taut.estimators.row_weights import RowWeights, checked_labels, checked_weights, with_weight
from taut.fitting import AsFloat, DynamicBinarisation, View


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Rows as numbers with the schema of their fields, which of them train and which are held out.

    `labels` and `weights` belong to the rows, where there are any; a row without weight is not among them.
    """

    table: Table
    schema: Schema
    train: np.ndarray
    held_out: np.ndarray
    given: Given = NOTHING_GIVEN
    labels: np.ndarray | None = None
    weights: RowWeights | None = None


def prepare_training_data(
    X: Any,
    *,
    likelihood: Any,
    schema: Mapping[str, Any] | str | Path | None,
    held_out: float,
    na_values: tuple[str | int | float, ...] = (),
    seed: int,
    asked: Asked = NOTHING_ASKED,
    labels: Any = None,
    weights: Any = None,
    by_column: bool = False,
    binarise: str = "none",
) -> TrainingData:
    """The rows of X for training; `by_column` reads any numbers as columns.

    Raises DataError where they cannot be used, OptionError for what was asked for and no such rows have.
    """
    name = name_of(likelihood) or "auto"
    named = binarise != "none" or name not in ("auto", "mixed")
    by_column = by_column or schema is not None or asked.by_column or bool(na_values)
    counted = asked.size_factor == "total"
    rows = fields_of(X, by_column=by_column, named=named, counted=counted, na_values=na_values)
    asked = asked.settled(cells=rows.block is not None and rows.block.beside is not None)
    labels, weights = (
        checked_labels(rows.labels if labels is None else labels, len(rows)),
        checked_weights(weights, len(rows)),
    )
    labels = labels if labels is None or weights is None else labels[weights > 0]
    rows, weights = with_weight(rows, weights)
    if len(rows) < 2:
        raise DataError(f"Wanted at least 2 rows to fit; `{rows.name}` has 1 sample; give more rows.")
    train, held = split(len(rows), held_out, seed)
    wishes = dict(schema) if isinstance(schema, Mapping) else {} if schema is None else read_schema(schema)
    found = _inferred(
        rows,
        train,
        likelihood=name,
        discrete=bool(getattr(likelihood, "discrete", False)),
        wishes=wishes | dict.fromkeys(asked.names(rows), "ignore"),
        binarise=binarise,
        sizes=asked.size_factor is not None,
        seed=seed,
    )
    found = with_conditions(found, rows, asked, wishes)
    if not found.modelled:
        kinds = ", ".join(f"`{column.name}` is {column.kind}" for column in found.columns[:8])
        raise DataError(
            f"Wanted a column that can be modelled; `{rows.name}` has none ({kinds}); set kinds with `schema`."
        )
    table = encode(found, rows)
    return TrainingData(table, found, train, held, given_rows(table, found, asked, train), labels, weights)


def _inferred(rows: Sheet, train: np.ndarray, **asked: Any) -> Schema:
    """The schema by the training rows, or by all where the rows held out hold what it rules out, such as one zero."""
    found = infer_fields(rows, train, **asked)
    try:
        encode(found, rows)
    except SupportError:
        if found.one_block is not None:
            raise
        return infer_fields(rows, np.arange(len(rows)), **asked)
    return found


def training_view(binarisation: Binarisation, values: np.ndarray) -> tuple[np.ndarray, View]:
    """Rows to keep on the device, and how a step looks at them."""
    if binarisation.kind == "dynamic":
        return values, DynamicBinarisation(binarisation.levels)
    return binarisation.for_evaluation(values), AsFloat()
