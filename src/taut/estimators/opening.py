"""What a person passes to `fit`: numbers of one kind, or a table whose columns each have their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from taut.data import Schema, Sheet, Table, as_sheet, as_table, encode, infer_schema, is_cells, read_schema, split
from taut.data.collecting import in_memory
from taut.errors import DataError, OptionError, SupportError
from taut.estimators.giving import NOTHING_ASKED, NOTHING_GIVEN, Asked, Given, given_of_table, given_rows
from taut.estimators.one_block import block_of, table_of
from taut.estimators.row_weights import RowWeights, checked_labels, checked_weights, with_weight
from taut.likelihoods import Choice

# A likelihood that was asked for by name, as the kind and family of every column of a table.
AS_KIND = {
    "gaussian": ("real", "gaussian"),
    "student-t": ("real", "student-t"),
    "bernoulli": ("binary", "bernoulli"),
    "poisson": ("count", "poisson"),
    "negative-binomial": ("count", "negative-binomial"),
    "zero-inflated-poisson": ("count", "zero-inflated-poisson"),
    "zero-inflated-negative-binomial": ("count", "zero-inflated-negative-binomial"),
    "categorical": ("categorical", "categorical"),
}
MIXED = Choice("mixed", "each column has a likelihood of its own kind")


@dataclasses.dataclass(frozen=True)
class Opened:
    """Rows as numbers, which of them train and which are held out, and the schema where they are a table.

    `labels` and `weights` belong to the rows, where there are any; a row without weight is not among them.
    """

    table: Table
    train: np.ndarray
    held_out: np.ndarray
    schema: Schema | None = None
    given: Given = NOTHING_GIVEN
    labels: np.ndarray | None = None
    weights: RowWeights | None = None


def opened(
    X: Any,
    *,
    likelihood: str,
    schema: Mapping[str, Any] | str | Path | None,
    held_out: float,
    na_values: tuple[str | int | float, ...] = (),
    seed: int,
    asked: Asked = NOTHING_ASKED,
    labels: Any = None,
    weights: Any = None,
    by_column: bool = False,
    binarised: bool = False,
) -> Opened:
    """The rows of X for training; `by_column` reads any numbers as a table, `binarised` those without holes as a block.

    Raises DataError where they cannot be used, OptionError for a schema of an array.
    """
    X = as_table(X) if is_cells(X) else in_memory(X)
    cells = isinstance(X, Table) and X.beside is not None
    asked = asked.settled(cells=cells)
    if cells and na_values:
        raise OptionError("`na_values` wants a table of columns; got counts of cells; leave it out.")
    by_column = (by_column or schema is not None or asked.by_column or bool(na_values)) and not cells
    named = binarised or likelihood not in ("auto", "mixed")
    block = None if by_column else block_of(X, named=named, counted=asked.size_factor == "total")
    rows = (as_sheet(X).with_na_values(na_values) if by_column else table_of(X)) if block is None else block
    labels = X.labels if labels is None and isinstance(X, Table) else labels
    labels, weights = checked_labels(labels, len(rows)), checked_weights(weights, len(rows))
    labels = labels if labels is None or weights is None else labels[weights > 0]
    rows, weights = with_weight(rows, weights)
    if len(rows) < 2:
        raise DataError(f"Wanted at least 2 rows to fit; `{rows.name}` has 1 sample; give more rows.")
    train, held = split(len(rows), held_out, seed)
    if isinstance(rows, Table):
        given = given_rows(rows, rows.beside, None, asked, train)
        return Opened(rows, train, held, given=given, labels=labels, weights=weights)
    sheet = rows
    wishes, ignored = _given(sheet, likelihood, schema), dict.fromkeys(asked.names(sheet), "ignore")
    found = _inferred(sheet, wishes | ignored, train)
    found = given_of_table(found, sheet, asked, _given(sheet, "auto", schema))
    if not found.modelled:
        kinds = ", ".join(f"`{column.name}` is {column.kind}" for column in found.columns[:8])
        raise DataError(
            f"Wanted a column that can be modelled; `{sheet.name}` has none ({kinds}); set kinds with `schema`."
        )
    table = encode(found, sheet)
    return Opened(table, train, held, found, given_rows(table, sheet, found, asked, train), labels, weights)


def _inferred(sheet: Sheet, wishes: dict[str, Any], train: np.ndarray) -> Schema:
    """The schema by the training rows, or by all where the rows held out hold what it rules out, such as one zero."""
    found = infer_schema(sheet, wishes, rows=train)
    try:
        encode(found, sheet)
    except SupportError:
        return infer_schema(sheet, wishes)
    return found


def _given(sheet: Sheet, likelihood: str, schema: Mapping[str, Any] | str | Path | None) -> dict[str, Any]:
    given = dict(schema) if isinstance(schema, Mapping) else {} if schema is None else read_schema(schema)
    if likelihood in ("auto", "mixed"):
        return given
    if likelihood not in AS_KIND:
        raise OptionError(
            f"A table with holes or types wants `auto` or one of {', '.join(AS_KIND)}; got `{likelihood}`; choose one."
        )
    kind, family = AS_KIND[likelihood]
    return {name: {"kind": kind, "family": family} for name in sheet.columns} | given
