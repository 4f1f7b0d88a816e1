"""Levels of categorical types, which may be dates, intervals or tuples, as plain values that name them, and back."""

import ast
import datetime
import decimal
import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taut.data.schema import Category

# Whole numbers beyond these are no numbers in JSON's readers, so text stands for them.
_LEAST, _MOST = -(2**63), 2**63 - 1
# Python types that text can stand for.
READERS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "tuple": ast.literal_eval,
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "Decimal": decimal.Decimal,
}


def is_hole(cell: Any) -> bool:
    """Whether a Python object says that its value is missing."""
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float | np.floating | decimal.Decimal) and math.isnan(cell)


def label_of(level: Any) -> Category | None:
    """A level as it is where JSON has its type, else as text; None for a missing one.

    >>> label_of(3), label_of(datetime.date(2020, 2, 29)), label_of(("a", 1))
    (3, '2020-02-29', "('a', 1)")
    """
    if is_hole(level):
        return None
    if isinstance(level, np.bool_ | np.number):
        level = level.item()
    if isinstance(level, int) and not _LEAST <= level <= _MOST:
        return str(level)
    return level if isinstance(level, str | int | float) else str(level)


def labels_of(levels: Sequence[Any]) -> list[Category | None]:
    """The label of each level; raises ValueError where two have the same, since no cell could tell which it is."""
    labels = [label_of(level) for level in levels]
    if len({(type(label), label) for label in labels}) < len(set(map(repr, levels))):
        raise ValueError("two of its levels are written alike")
    return labels


def kind_of_levels(levels: Sequence[Any]) -> str:
    """The Python type of levels for which text stands, or nothing where they stand for themselves.

    >>> kind_of_levels([("a", 1), ("b", 2)]), kind_of_levels(["a", "b"])
    ('tuple', '')
    """
    kinds = {type(level).__name__ for level in levels if label_of(level) is not level and not is_hole(level)}
    return kinds.pop() if len(kinds) == 1 else ""


def levels_of(labels: Sequence[Any], kind: str) -> list[Any]:
    """The levels that labels stand for: of a Python type, or of a type of pandas such as `interval[int64, right]`.

    Raises whatever the reader of that type raises where a label is none.

    >>> levels_of(["2020-02-29"], "date")
    [datetime.date(2020, 2, 29)]
    """
    if kind.startswith("interval["):
        return [_interval(str(label), kind) for label in labels]
    if kind.startswith("period["):
        pandas = importlib.import_module("pandas")
        return [pandas.Period(label, freq=kind[len("period[") : -1]) for label in labels]
    if kind.startswith(("datetime64[", "timedelta64[")):
        pandas = importlib.import_module("pandas")
        return list(pandas.Index(labels).astype(kind))
    reader = READERS.get(kind)
    return list(labels) if reader is None else [reader(str(label)) for label in labels]


def _interval(label: str, kind: str) -> Any:
    """`(0.5, 1.0]` as an interval of pandas, of the type `interval[float64, right]`."""
    pandas = importlib.import_module("pandas")
    ends, closed = kind[len("interval[") : -1].rsplit(", ", 1)
    low, high = label[1:-1].split(", ")
    read = (
        pandas.Timestamp
        if ends.startswith("datetime64")
        else pandas.Timedelta
        if ends.startswith("timedelta64")
        else np.dtype(ends).type
    )
    return pandas.Interval(read(low), read(high), closed=closed)
