"""What every reader returns: numbers in rows and columns; and whether they can be used."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from taut.errors import DataError, ShapeError


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Numeric rows and columns with what a person would want to know about them.

    `values` is (n, features) in the dtype it came in, `name` is shown to people, `image_shape` folds a row
    into (height, width), or (height, width, 3) of colours, to which images were `resized` or not, and `notes` says in
    sentences what reading decided or left out; `unseen` are those about categories that a fit did not see, which count
    as missing. `beside` is a `Sheet` of what else is known of each row, which a model may be given; of coded rows
    `conditions` are the numbers of that.

    >>> Table(values=np.zeros((5, 3)), name="zeros").features
    3
    """

    values: np.ndarray
    name: str
    columns: list[str] | None = None
    image_shape: tuple[int, ...] | None = None
    resized: bool = False
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


# Red, green and blue.
COLOURS = 3


def is_image(shape: tuple[int, ...] | None) -> bool:
    """Whether entries that fold into this shape are the pixels of an image, grey or in colour.

    >>> is_image((28, 28)), is_image((28, 28, 3)), is_image((28, 28, 5)), is_image(None)
    (True, True, False, False)
    """
    return shape is not None and (len(shape) == 2 or (len(shape) == 3 and shape[2] == COLOURS))


# What numpy's one-letter kinds mean to a person.
_REFUSED = {
    "O": "Python objects",
    "U": "text",
    "S": "text",
    "T": "text",
    "M": "dates",
    "m": "durations",
    "V": "records or numbers of a kind that numpy does not know",
}


def place(row: int, column: int, columns: Sequence[str] | None = None) -> str:
    """Where a cell is, as a person would say it.

    >>> place(3, 1, ["age", "height"])
    'row 3 (counting from 0), column `height`'
    """
    if columns is None:
        return f"row {row}, column {column} (counting from 0)"
    return f"row {row} (counting from 0), column `{columns[column]}`"


def column_name(column: int, columns: Sequence[str] | None) -> str:
    """What a column is called in a sentence: its name in quotes, or its number.

    >>> column_name(1, None), column_name(1, ["age", "height"])
    ('1 (counting from 0)', '`height`')
    """
    return f"{column} (counting from 0)" if columns is None else f"`{columns[column]}`"


def check_numeric(values: np.ndarray, name: str) -> None:
    """Raise DataError unless `values` has a dtype of real numbers or booleans."""
    if values.dtype.kind == "c":
        raise DataError(
            f"Complex data not supported: `{name}` has dtype {values.dtype}; pass real and imaginary parts."
        )
    if values.dtype.kind in _REFUSED:
        held = _REFUSED[values.dtype.kind]
        raise DataError(f"Wanted numbers; `{name}` holds {held} (dtype {values.dtype}); convert it to numbers.")


def check_dimensions(values: np.ndarray, name: str) -> None:
    """Raise ShapeError unless `values` is rows by columns, or a stack of images, grey or in colour."""
    if values.ndim not in (2, 3, 4):
        raise ShapeError(
            f"Reshape your data to rows and columns: `{name}` came with shape {values.shape}, "
            "and 2 dimensions are wanted, 3 for a stack of grey images, or 4 for images in colour."
        )
    if values.ndim == 4 and values.shape[3] not in (1, COLOURS):
        moved = ", as `np.moveaxis(images, 1, -1)` puts them" if values.shape[1] in (1, COLOURS) else ""
        raise ShapeError(
            f"Wanted images with red, green and blue last, of shape (images, height, width, {COLOURS}); `{name}` came "
            f"with shape {values.shape}; give them so{moved}."
        )


def check_not_empty(values: np.ndarray, name: str) -> None:
    """Raise DataError where there are no rows or no columns."""
    if values.ndim and values.shape[0] == 0:
        raise DataError(
            f"`{name}` has 0 sample(s) (shape={values.shape}) while a minimum of 1 is required; give it rows."
        )
    if values.size == 0:
        raise DataError(
            f"`{name}` has 0 feature(s) (shape={values.shape}) while a minimum of 1 is required; give it columns."
        )


def check_finite(values: np.ndarray, name: str, columns: Sequence[str] | None = None, *, holes: bool = False) -> None:
    """Raise DataError at the first NaN or infinity of (n, features) `values`; with `holes`, NaN is let through."""
    if values.dtype.kind != "f":
        return
    finite = ~np.isinf(values) if holes else np.isfinite(values)
    if finite.all():
        return
    row, column = divmod(int(np.argmin(finite)), values.shape[1])
    held = "NaN" if np.isnan(values[row, column]) else "infinity"
    raise DataError(
        f"Wanted finite numbers; `{name}` holds {held} in {place(row, column, columns)}; fill it or drop the row."
    )


def check_enough_rows(table: Table) -> None:
    """Raise DataError where there are too few rows to fit anything."""
    if len(table) < 2:
        raise DataError(f"Wanted at least 2 rows to fit; `{table.name}` has 1 sample; give more rows.")


def check_varies(table: Table) -> None:
    """Raise DataError where every cell holds the same number, so that there is nothing to learn."""
    first = table.values[0, 0]
    if (table.values == first).all():
        raise DataError(f"Wanted data that vary; every cell of `{table.name}` is {first}; check how it was made.")


def check_same_features(
    table: Table, features: int, *, columns: Sequence[str] | None = None, model: str = "model"
) -> None:
    """Raise ShapeError unless `table` has the columns that the fit saw.

    `columns` are the names at the time of the fit; they are compared where both sides have names.
    """
    if table.features != features:
        raise ShapeError(
            f"{table.name} has {table.features} features, but {model} is expecting {features} features as input; "
            "give data with the columns of the fit."
        )
    if columns is None or table.columns is None:
        return
    for number, (wanted, came) in enumerate(zip(columns, table.columns, strict=True)):
        if wanted != came:
            raise ShapeError(
                f"Wanted the columns of the fit in their order; column {number} (counting from 0) of `{table.name}` is "
                f"`{came}` and was `{wanted}`; rename or reorder the columns."
            )
