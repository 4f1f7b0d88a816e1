"""From what a person passes to `fit` to rows of numbers that train: their fields, what is given, which are held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from taut.data import Binarisation, Schema, Sheet, Table, encode, fields_of, read_schema, split
from taut.datum import Datum
from taut.errors import DataError, SupportError
from taut.estimators.conditions import (
    NO_CONDITIONING,
    NOT_CONDITIONED,
    Conditioned,
    Conditioning,
    given_rows,
    with_conditions,
)
from taut.estimators.fields import infer_fields
from taut.estimators.part_building import name_of
from taut.fitting import AbstractRows, AsFloat, DynamicBinarisation, View


class HolePatterns(NamedTuple):
    """The distinct rows of holes, and how often each came: `patterns` is True where a cell was missing.

    >>> import numpy as np
    >>> found = hole_patterns(np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]]))
    >>> found.patterns.tolist(), found.counts.tolist()
    ([[False, False], [False, True]], [2, 1])
    """

    patterns: Bool[np.ndarray, "patterns columns"]
    counts: Int[np.ndarray, "patterns"]

    def draw(self, n: int, *, seed: int) -> Bool[np.ndarray, "n columns"]:
        """`n` rows of holes, each as probable as it was frequent."""
        # Apart from the draws of values with the same seed, of which holes must not know.
        chosen = np.random.default_rng([seed, 1]).choice(len(self.counts), n, p=self.counts / self.counts.sum())
        return self.patterns[chosen]


def hole_patterns(values: Num[np.ndarray, "n columns"]) -> HolePatterns:
    """The patterns of NaN in coded rows."""
    if values.dtype.kind != "f" or not np.isnan(values).any():
        return HolePatterns(np.zeros((1, values.shape[1]), bool), np.array([len(values)]))
    patterns, counts = np.unique(np.isnan(values), axis=0, return_counts=True)
    return HolePatterns(patterns, counts)


RowWeights = Float[np.ndarray, "n"]
KeptWeights = Float[np.ndarray, "kept"]
Rows = TypeVar("Rows", Table, Sheet)


def checked_weights(sample_weight: Any, rows: int) -> RowWeights | None:
    """One number for each row, or None where none came.

    Raises DataError where they are not one finite number of at least zero for each row, or all are zero.

    >>> checked_weights([1, 0, 2], 3).tolist()
    [1.0, 0.0, 2.0]
    """
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, np.float64)
    weights = np.full(rows, weights) if weights.ndim == 0 else weights
    if weights.shape != (rows,):
        raise DataError(f"Wanted one weight for each of the {rows} rows; got shape {weights.shape}; pass as many.")
    if not np.isfinite(weights).all() or (weights < 0).any():
        row = int(np.argmax(~np.isfinite(weights) | (weights < 0)))
        raise DataError(
            f"Wanted weights that are finite and not negative; row {row} (counting from 0) has {weights[row]}; mend it."
        )
    if not weights.any():
        raise DataError("Wanted a weight above zero; got zeros only, so that all sample weights are zero; raise some.")
    return weights


def with_weight(data: Rows, weights: RowWeights | None) -> tuple[Rows, KeptWeights | None]:
    """The rows of a Table or Sheet that have weight, and their weights: a row without any is as if it were not there.

    >>> from taut.data import Table
    >>> table, weights = with_weight(Table(values=np.eye(3), name="I"), np.array([1.0, 0.0, 2.0]))
    >>> table.values.tolist(), weights.tolist()
    ([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [1.0, 2.0])
    """
    if weights is None or weights.all():
        return data, weights
    kept = np.flatnonzero(weights)
    return data.take(kept), weights[kept]


def checked_labels(labels: Any, rows: int) -> np.ndarray | None:
    """One label for each row as text, or None where none came. Raises DataError where they are more or fewer."""
    if labels is None:
        return None
    labels = np.asarray(labels).astype(str)
    if labels.shape != (rows,):
        raise DataError(f"One label is wanted for each of the {rows} rows; got {labels.shape}; pass as many.")
    return labels


@dataclasses.dataclass(frozen=True)
class Whole:
    """All training rows, wherever they are: the digest of the data, hashes of rows, means of entries, weights."""

    rows: Datum | AbstractRows
    digest: str
    seen: Num[np.ndarray, "distinct"]
    mean: Float[np.ndarray, "entries"]
    weights: RowWeights | None


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Rows as numbers with the schema of their fields, which of them train and which are held out.

    `labels` and `weights` belong to the rows, where there are any; a row without weight is not among them. Where the
    training rows are not in memory, those here are a sample, and `streamed` has them all.
    """

    table: Table
    schema: Schema
    train: np.ndarray
    held_out: np.ndarray
    given: Conditioned = NOT_CONDITIONED
    labels: np.ndarray | None = None
    weights: RowWeights | None = None
    streamed: Whole | None = None


def prepare_training_data(
    X: Any,
    *,
    likelihood: Any,
    schema: Mapping[str, Any] | str | Path | None,
    held_out: float,
    na_values: tuple[str | int | float, ...] = (),
    seed: int,
    conditioning: Conditioning = NO_CONDITIONING,
    labels: Any = None,
    weights: Any = None,
    by_column: bool = False,
    binarise: str = "none",
    chosen: tuple[np.ndarray, np.ndarray] | None = None,
) -> TrainingData:
    """The rows of X for training; `by_column` reads any numbers as columns.

    `chosen` are the numbers of the rows that train and of those held out, of which else a share is drawn by the seed.

    Raises DataError where they cannot be used, OptionError for what was asked for and no such rows have.
    """
    name = name_of(likelihood) or "auto"
    named = binarise != "none" or name not in ("auto", "mixed")
    by_column = by_column or schema is not None or conditioning.by_column or bool(na_values)
    counted = conditioning.size_factor == "total"
    rows = fields_of(X, by_column=by_column, named=named, counted=counted, na_values=na_values)
    conditioning = conditioning.settled(cells=rows.block is not None and rows.block.beside is not None)
    labels, weights = (
        checked_labels(rows.labels if labels is None else labels, len(rows)),
        checked_weights(weights, len(rows)),
    )
    labels = labels if labels is None or weights is None else labels[weights > 0]
    rows, weights = with_weight(rows, weights)
    if len(rows) < 2:
        raise DataError(f"Wanted at least 2 rows to fit; `{rows.name}` has 1 sample; give more rows.")
    train, held = split(len(rows), held_out, seed) if chosen is None else chosen
    overrides = dict(schema) if isinstance(schema, Mapping) else {} if schema is None else read_schema(schema)
    found = _inferred(
        rows,
        train,
        likelihood=name,
        discrete=bool(getattr(likelihood, "discrete", False)),
        overrides=overrides | dict.fromkeys(conditioning.names(rows), "ignore"),
        binarise=binarise,
        sizes=conditioning.size_factor is not None,
        seed=seed,
    )
    found = with_conditions(found, rows, conditioning, overrides)
    if not found.modelled:
        kinds = ", ".join(f"`{column.name}` is {column.kind}" for column in found.columns[:8])
        raise DataError(
            f"Wanted a column that can be modelled; `{rows.name}` has none ({kinds}); set kinds with `schema`."
        )
    table = encode(found, rows)
    return TrainingData(table, found, train, held, given_rows(table, found, conditioning, train), labels, weights)


def _inferred(rows: Sheet, train: np.ndarray, **options: Any) -> Schema:
    """The schema by the training rows, or by all where the rows held out hold what it rules out, such as one zero."""
    found = infer_fields(rows, train, **options)
    # Nothing is ruled out of one block by some of its rows that is not by all: it need not be encoded to find out.
    if found.one_block is not None:
        return found
    try:
        encode(found, rows)
    except SupportError:
        return infer_fields(rows, np.arange(len(rows)), **options)
    return found


def training_view(binarisation: Binarisation, values: np.ndarray) -> tuple[np.ndarray, View]:
    """Rows to keep on the device, and how a step looks at them."""
    if binarisation.kind == "dynamic":
        return values, DynamicBinarisation(binarisation.levels)
    return binarisation.for_evaluation(values), AsFloat()
