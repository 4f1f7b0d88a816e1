"""The type that a column has in its own library: remembered as plain values, and given to what a model makes."""

import ast
import datetime
import decimal
import importlib
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.schema import Category, NativeType

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


# More declared levels than this are not remembered: a categorical type may hold a whole vocabulary.
MOST_LEVELS = 1000


def native_type(cells: nw.Series) -> NativeType:
    """What there is to know of the type of a column of any library, its declared levels included.

    >>> native_type(nw.from_native(pa.chunked_array([pa.array([1, 2], pa.int8())]), series_only=True)).name
    'int8'
    """
    if cells.implementation.is_pandas_like():
        return _pandas_type(cells.to_native().dtype)
    if cells.dtype == nw.Enum:
        return NativeType(name="enum", levels=_few(list(cells.dtype.categories)))  # pyright: ignore[reportAttributeAccessIssue]
    if cells.dtype == nw.Categorical and cells.implementation.is_polars():
        return NativeType(name="categorical")
    try:
        kind = cells.to_native().type if cells.implementation.is_pyarrow() else cells.head(0).to_arrow().type
    except pa.ArrowException:  # a type that Arrow does not have, such as whole numbers of 128 bits
        return NativeType(name=str(cells.dtype))
    return _dictionary_type(cells, kind) if pa.types.is_dictionary(kind) else NativeType(name=str(kind))


def _pandas_type(dtype: Any) -> NativeType:
    if not is_categorical(dtype):
        # Its own name for a column of text leaves out how the text is kept.
        return NativeType(name=f"string[{dtype.storage}]" if str(dtype) == "string" else str(dtype))
    levels, objects = list(dtype.categories), dtype.categories.dtype == object
    of = kind_of_levels(levels) if objects else str(dtype.categories.dtype)
    return NativeType(name="category", levels=_few(labels_of(levels)), of=of, ordered=bool(dtype.ordered))


def _dictionary_type(cells: nw.Series, kind: pa.DataType) -> NativeType:
    array = cells.to_arrow()
    array = array.unify_dictionaries().combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    levels = array.dictionary.to_pylist() if len(array) else []
    return NativeType(name="dictionary", levels=_few(labels_of(levels)), of=str(kind.value_type), ordered=kind.ordered)


def is_categorical(dtype: Any) -> bool:
    """Whether this is pandas' categorical type."""
    return type(dtype).__name__ == "CategoricalDtype"


def in_type_of(cells: nw.Series, model: nw.Series) -> nw.Series:
    """The cells in the type of `model`, a column of the same library, where it can hold them all."""
    if cells.implementation.is_polars() and cells.dtype == model.dtype:
        return cells
    dtype = model.to_native().dtype if cells.implementation.is_pandas_like() else None
    return in_type(cells, native_type(model), dtype)


def in_type(cells: nw.Series, kind: NativeType, dtype: Any = None) -> nw.Series:
    """The cells in a remembered type, where it can hold them all; in theirs otherwise.

    `dtype` is the type itself, where pandas has it at hand.
    """
    try:
        if cells.implementation.is_pandas_like():
            cast = nw.from_native(_in_pandas(cells.to_native(), kind, dtype), series_only=True)
        else:
            cast = _in_arrow(cells, kind)
    # Each library has its own error for a cell that a type cannot hold; then the cells stay in theirs.
    except Exception:
        return cells
    return cast if cast.null_count() == cells.null_count() else cells


def _few(levels: list[Any]) -> list[Any] | None:
    return [level for level in levels if level is not None] if len(levels) <= MOST_LEVELS else None


def _in_pandas(native: Any, kind: NativeType, dtype: Any) -> Any:
    pandas = importlib.import_module("pandas")
    made: Any
    if dtype is not None and is_categorical(dtype):
        made = pandas.Categorical.from_codes(_places(native, list(map(label_of, dtype.categories))), dtype=dtype)
    elif kind.name == "category" and kind.levels is not None:
        index = pandas.Index(levels_of(kind.levels, kind.of), tupleize_cols=False)
        # pandas would take 1, 2 for the int64 that may have been int8.
        index = index.astype(kind.of) if kind.of and kind.of not in READERS else index
        made = pandas.Categorical.from_codes(_places(native, kind.levels), categories=index, ordered=kind.ordered)
    elif kind.name.startswith("interval["):
        labels = native.astype(object).where(native.notna(), None)
        made = pandas.array([x if x is None else levels_of([x], kind.name)[0] for x in labels], dtype=kind.name)
    elif kind.name.startswith("period["):
        return _nearest_period(native, kind.name[len("period[") : -1])
    elif kind.name == "object":
        # Whole numbers beyond 64 bits are decimals in Arrow and objects of Python in pandas.
        return native.map(lambda cell: int(cell) if isinstance(cell, decimal.Decimal) else cell).astype(object)
    else:
        return native.astype(kind.name if dtype is None else dtype)
    return pandas.Series(made, index=native.index, name=native.name)


def _places(native: Any, labels: list[Any]) -> list[int]:
    """Where each cell is among the labels, −1 for a hole and what is not among them."""
    exact = {label: place for place, label in enumerate(labels)}
    spelled = {str(label): place for place, label in enumerate(labels)}
    return [exact.get(cell, spelled.get(str(cell), -1)) for cell in native.tolist()]


def _nearest_period(native: Any, frequency: str) -> Any:
    """The period whose beginning is nearest, since periods were read as their beginnings."""
    before = native.dt.to_period(frequency)
    after = before + 1
    return before.where(native - before.dt.start_time <= after.dt.start_time - native, after)


def _in_arrow(cells: nw.Series, kind: NativeType) -> nw.Series:
    if kind.name == "enum":
        return cells.cast(nw.Enum([str(level) for level in kind.levels or []]))
    if kind.name == "categorical":
        return cells.cast(nw.Categorical())
    array = cells.to_arrow()
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if kind.name == "dictionary" and kind.levels is not None:
        levels = pa.array(kind.levels).cast(_arrow_type(kind.of))
        places = [None if place < 0 else place for place in _places(array, kind.levels)]
        array = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), levels, ordered=kind.ordered)
    else:
        array = array.cast(_arrow_type(kind.name))
    return nw.from_arrow(pa.table({cells.name: array}), backend=cells.implementation)[cells.name]


def _arrow_type(name: str) -> pa.DataType:
    """The type that Arrow prints as `name`; raises ValueError for one that has parts beyond these."""
    if moment := re.fullmatch(r"timestamp\[(\w+), tz=(.+)\]", name):
        return pa.timestamp(*moment.groups())
    if decimal := re.fullmatch(r"decimal(\d+)\((\d+), (-?\d+)\)", name):
        bits, digits, behind = map(int, decimal.groups())
        return getattr(pa, f"decimal{bits}")(digits, behind)
    return pa.type_for_alias(name)
