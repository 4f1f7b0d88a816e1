"""A table goes out in what it came in: an array of numbers, or a frame of the same library."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data import (
    OpenedRows,
    Schema,
    Sheet,
    Table,
    as_sheet,
    cells_like,
    cells_of,
    decode,
    fill,
    is_lazy,
    restored_block,
    table_of,
    typed,
)
from taut.errors import OptionError

# How scikit-learn calls the column that says where another one had no cell.
INDICATOR = "missingindicator_"


def as_came(frame: Any, X: Any) -> Any:
    """The frame as what X is: itself where X is one, else an array, of floats where every column is of numbers.

    >>> import numpy as np, pyarrow as pa
    >>> as_came(pa.table({"a": [1, 2], "b": [0.5, None]}), np.zeros((2, 2), np.float32)).tolist()
    [[1.0, 0.5], [2.0, nan]]
    """
    if library_of(X) != "numpy":
        return frame
    columns = list(nw.from_native(frame, eager_only=True).iter_columns())
    if all(cells.dtype.is_numeric() or cells.dtype == nw.Boolean or _is_empty(cells) for cells in columns):
        width = getattr(getattr(X, "dtype", None), "itemsize", 8)
        kind = np.float32 if getattr(getattr(X, "dtype", None), "kind", "") == "f" and width < 8 else np.float64
        return np.column_stack([_numbers(cells) for cells in columns]).astype(kind)
    whole = np.empty((len(columns[0]), len(columns)), object)
    for number, cells in enumerate(columns):
        whole[:, number] = cells.to_list()
    return whole


def library_of(X: Any) -> str:
    """The library that X is of: pandas, polars or pyarrow for a frame, pyarrow for named columns, else numpy.

    A lazy frame of polars counts as polars, other queries, record batches and named columns as pyarrow.

    >>> library_of([[1.0, 2.0]]), library_of({"age": [31, 42]})
    ('numpy', 'pyarrow')
    """
    X = X.take(np.arange(1)) if isinstance(X, OpenedRows) else X
    if isinstance(X, Sheet) and X.is_array:
        return "numpy"
    native: Any = X.native if isinstance(X, Sheet) else X
    named = isinstance(native, Mapping) or (isinstance(native, list) and native and isinstance(native[0], Mapping))
    if named or isinstance(native, pa.RecordBatch):
        return "pyarrow"
    if isinstance(native, np.ndarray | Table | Sequence):
        return "numpy"
    frame: Any = native
    if is_lazy(frame):
        return "polars" if nw.from_native(frame).implementation.is_polars() else "pyarrow"
    if not nw.dependencies.is_into_dataframe(frame):
        return "numpy"
    return str(nw.from_native(frame, eager_only=True).implementation.value)


def in_library(table: pa.Table, library: Any, *, schema: Schema | None = None, like: Any = None) -> Any:
    """An Arrow table in this library, in the types of the fitted columns where a schema remembers them.

    A pandas frame has the index of `like`, where that is one of as many rows. Where the library is not installed the
    table stays one of Arrow, with a warning.
    """
    if library == "numpy":
        return as_came(table, np.empty(0))
    try:
        frame = nw.from_arrow(table, backend=library)
    except ImportError:
        warnings.warn(
            f"Rows come as a pyarrow table: the fit was of {library}, which is not installed here; install it for "
            "frames of its kind.",
            stacklevel=3,
        )
        return table
    frame = frame if schema is None else typed(schema, frame)
    native = frame.to_native()
    if library == "pandas" and library_of(like) == "pandas" and len(like) == len(native):
        native.index = like.index
    return native


def rows_in(schema: Schema, values: np.ndarray, library: str, *, like: Any = None, as_cells: bool = False) -> Any:
    """Rows from coded ones, as a frame of this library in the types of the fit; as an array for numpy.

    A block whose entries came without names is an array in each case.
    """
    spread = schema.spread
    if spread is not None and (library == "numpy" or schema.entry_names is None):
        return restored_block(spread, np.asarray(values), as_cells=as_cells)
    return in_library(decode(schema, values, as_cells=as_cells), library, schema=schema, like=like)


def rows_like(schema: Schema, values: np.ndarray, X: Any) -> Any:
    """Rows from coded ones, as what X is: an array, or a frame of the modelled columns in the types of those of X."""
    if schema.spread is not None:
        return rows_in(schema, values, library_of(X), like=X)
    return as_came(decode(schema, values, like=table_of(X)), X)


def filled_with(schema: Schema, frame: Any, constants: Mapping[str, Any]) -> Any:
    """The frame with the holes of some columns filled, each with one value."""
    if not constants:
        return frame
    columns = tuple(
        dataclasses.replace(column, kind="categorical", family="categorical", categories=[constants[column.name]])
        if column.name in constants
        else dataclasses.replace(column, family="")
        for column in schema.columns
    )
    sheet = as_sheet(frame)
    return fill(Schema(columns=columns, named=schema.named), sheet, np.zeros((len(sheet), len(constants))))


def without(frame: Any, places: Sequence[int]) -> Any:
    """The frame without the columns in these places."""
    if not places:
        return frame
    whole = nw.from_native(frame, eager_only=True)
    return whole.drop([whole.columns[place] for place in places]).to_native()


def check_indicators(sheet: Sheet) -> None:
    """Raise OptionError where the indicator of a column with holes would have the name of another column."""
    for place, name in enumerate(sheet.columns):
        twin = f"{INDICATOR}{name}"
        if twin in sheet.columns and not cells_of(sheet, place).present.all():
            raise OptionError(
                f"`add_indicator` wants its own names; `{sheet.name}` has a column `{twin}` already, beside `{name}` "
                "with missing cells; rename it."
            )


def indicated(frame: Any, sheet: Sheet, places: Mapping[str, int], schema: Schema) -> Any:
    """The frame and, for each of these columns of the sheet, a column of zeros and ones: 1 where it has a hole."""
    if not places:
        return frame
    whole = nw.from_native(frame, eager_only=True)
    marks = {
        f"{INDICATOR}{name}": (~cells_like(sheet, place, schema.column(name)).present).astype(np.float64).tolist()
        for name, place in places.items()
    }
    series = [nw.new_series(name, values, backend=whole.implementation) for name, values in marks.items()]
    index = nw.maybe_get_index(whole)
    if index is not None:
        series = [nw.maybe_set_index(each, index=index) for each in series]
    return whole.with_columns(*series).to_native()


def _is_empty(cells: nw.Series) -> bool:
    return cells.null_count() == len(cells)


def _numbers(cells: nw.Series) -> np.ndarray:
    if _is_empty(cells):
        return np.full(len(cells), np.nan)
    return cells.cast(nw.Float64).to_numpy() if cells.dtype != nw.Boolean else cells.to_numpy().astype(np.float64)
