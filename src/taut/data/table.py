"""What every reader returns: numbers in rows and columns, and what is known about them."""

import dataclasses
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Numeric rows and columns with what a person would want to know about them.

    `values` is (n, features) in the dtype it came in, `name` is shown to people, `image_shape` folds a row
    into (height, width), and `notes` says in sentences what reading decided or left out; `unseen` are those about
    categories that a fit did not see, which count as missing. `beside` is a `Sheet` of what
    else is known of each row, which a model may be given; of coded rows `conditions` are the numbers of that.

    >>> Table(values=np.zeros((5, 3)), name="zeros").features
    3
    """

    values: np.ndarray
    name: str
    columns: list[str] | None = None
    image_shape: tuple[int, int] | None = None
    labels: np.ndarray | None = None
    notes: list[str] = dataclasses.field(default_factory=list)
    unseen: list[str] = dataclasses.field(default_factory=list)
    beside: Any = None
    conditions: np.ndarray | None = None

    def __len__(self) -> int:
        return self.values.shape[0]

    @property
    def features(self) -> int:
        """How many numbers one row holds."""
        return self.values.shape[1]

    def take(self, rows: np.ndarray) -> "Table":
        """Some of the rows, with their labels and what stands beside them."""
        labels = None if self.labels is None else self.labels[rows]
        beside = None if self.beside is None else self.beside.take(rows)
        conditions = None if self.conditions is None else self.conditions[rows]
        return dataclasses.replace(self, values=self.values[rows], labels=labels, beside=beside, conditions=conditions)

    def __repr__(self) -> str:
        return f"Table({self.name!r}, {len(self)} rows, {self.features} features, {self.values.dtype})"
