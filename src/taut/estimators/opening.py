"""What a person passes to `fit`: numbers of one kind, or a table whose columns each have their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from taut.data import Schema, Sheet, Table, as_sheet, as_table, encode, infer_schema, read_schema, split
from taut.errors import DataError, OptionError
from taut.likelihoods import Choice

# A likelihood that was asked for by name, as the kind and family of every column of a table.
AS_KIND = {
    "gaussian": ("real", "gaussian"),
    "student-t": ("real", "student-t"),
    "bernoulli": ("binary", "bernoulli"),
    "poisson": ("count", "poisson"),
    "negative-binomial": ("count", "negative-binomial"),
    "categorical": ("categorical", "categorical"),
}
MIXED = Choice("mixed", "each column has a likelihood of its own kind")


@dataclasses.dataclass(frozen=True)
class Opened:
    """Rows as numbers, which of them train and which are held out, and the schema where they are a table."""

    table: Table
    train: np.ndarray
    held_out: np.ndarray
    schema: Schema | None = None


def is_table(X: Any, likelihood: str) -> bool:
    """Whether X is read column by column: a sheet or frame, text, objects, or numbers with holes.

    Numbers without holes for which a likelihood was named are one block, whatever holds them.
    """
    if isinstance(X, Table):
        return X.values.dtype.kind == "f" and bool(np.isnan(X.values).any())
    if isinstance(X, Sheet) or (not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X)):
        sheet = as_sheet(X)
        plain = all(cells.dtype.is_numeric() or cells.dtype == nw.Boolean for cells in sheet.series)
        whole = plain and not any(cells.null_count() or _has_nan(cells) for cells in sheet.series)
        return not whole or (sheet.named and likelihood == "auto")
    if hasattr(X, "toarray"):
        return False
    if isinstance(X, np.ma.MaskedArray):
        return bool(np.ma.is_masked(X))
    values = _as_array(X)
    return values.ndim == 2 and (
        values.dtype.kind in "OUST" or (values.dtype.kind == "f" and bool(np.isnan(values).any()))
    )


def opened(
    X: Any, *, likelihood: str, schema: Mapping[str, Any] | str | Path | None, held_out: float, seed: int
) -> Opened:
    """The rows of X for training. Raises DataError where they cannot be used, OptionError for a schema of an array."""
    if schema is None and not is_table(X, likelihood):
        table = as_table(X)
        return Opened(table, *split(len(table), held_out, seed))
    sheet = as_sheet(X)
    if len(sheet) < 2:
        raise DataError(f"Wanted at least 2 rows to fit; `{sheet.name}` has 1 sample; give more rows.")
    train, held = split(len(sheet), held_out, seed)
    found = infer_schema(sheet, _given(sheet, likelihood, schema), rows=train)
    if not found.modelled:
        kinds = ", ".join(f"`{column.name}` is {column.kind}" for column in found.columns[:8])
        raise DataError(
            f"Wanted a column that can be modelled; `{sheet.name}` has none ({kinds}); set kinds with `schema`."
        )
    return Opened(encode(found, sheet), train, held, found)


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


def _has_nan(cells: nw.Series) -> bool:
    return cells.dtype.is_float() and bool(cells.is_nan().any())


def _as_array(X: Any) -> np.ndarray:
    try:
        return np.asarray(X)
    except ValueError:  # rows of many lengths, which get their sentence from the reader
        return np.empty(0)
