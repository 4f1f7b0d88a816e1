"""What comes with the rows of a fit: how much each counts, and its label."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from taut.data import Sheet, Table
from taut.errors import DataError

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
