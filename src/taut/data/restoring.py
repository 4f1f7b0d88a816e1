"""From the numbers a model gives back to columns as people have them: `decode`, `fill`."""

from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.coding import match_columns
from taut.data.decoding import decode_numbers
from taut.data.extracting import cells_like
from taut.data.kinds import kind_of
from taut.data.native_types import in_type, in_type_of
from taut.data.notations import Notation
from taut.data.schema import Column, Schema
from taut.data.sheet import Sheet, as_sheet
from taut.errors import ShapeError

# How the libraries' types of text begin; `object` is that of pandas.
_TEXT_TYPES = ("string", "large_string", "str", "object")


def decode(schema: Schema, values: np.ndarray, *, like: Any = None, as_cells: bool = False) -> Any:
    """A frame of the modelled columns from (n, modelled columns) numbers in the coding of `encode`.

    Codes become categories, days dates in whole units of the column, whole numbers integers; counts are rounded, and
    what leaves its bounds is clipped. `as_cells` gives numbers the decimals of the column. NaN becomes a missing cell.
    The frame is of the library of `like` (a sheet or a frame), in the types of its columns where these can hold the
    cells; without it, of pyarrow. Raises ShapeError where the widths differ.

    >>> from taut.data.schema import Column
    >>> sex = Column(name="sex", kind="binary", family="bernoulli", categories=["f", "m"], dtype="string")
    >>> decode(Schema(columns=(sex,)), np.array([[0.0], [1.0]]))["sex"].to_pylist()
    ['f', 'm']
    """
    values = _checked(schema, values)
    columns = {
        column.name: restored(column, values[:, number], as_cells=as_cells)
        for number, column in enumerate(schema.modelled)
    }
    table = pa.table(columns)
    if like is None:
        return table
    model = as_sheet(like).frame
    frame = nw.from_arrow(table, backend=model.implementation)
    places = {str(name): name for name in model.columns}
    series = [
        in_type_of(frame[name], model.get_column(places[name])) if name in places else frame[name]
        for name in frame.columns
    ]
    native = frame.with_columns(*series).to_native()
    index = nw.maybe_get_index(model)
    if index is not None and len(model) == len(native):
        native.index = index
    return native


def typed(schema: Schema, frame: nw.DataFrame) -> nw.DataFrame:
    """The columns of a frame in the types that those of the fit had in this library, where these can hold the cells.

    Numbers and dates of a column of text are written as its cells were.
    """
    series = [
        in_type(_written(frame[column.name], column), column.native)
        for column in schema.columns
        if column.native is not None and column.name in frame.columns
    ]
    return frame.with_columns(*series) if series else frame


def _written(cells: nw.Series, column: Column) -> nw.Series:
    if column.notation is None or column.native is None or not column.native.name.startswith(_TEXT_TYPES):
        return cells
    text = _as_text(cells.to_arrow(), column.notation)
    return nw.from_arrow(pa.table({cells.name: text}), backend=cells.implementation)[cells.name]


def _as_text(cells: pa.Array | pa.ChunkedArray, notation: Notation) -> pa.Array:
    return pa.array([None if cell is None else notation.write(cell) for cell in cells.to_pylist()], pa.string())


def fill(schema: Schema, sheet: Sheet, values: np.ndarray) -> Any:
    """The sheet's own frame with the holes of its modelled columns filled from `values`.

    `values` are (n, modelled columns) in the coding of `encode`. What is filled is written as the column's cells are:
    with its decimals, in its unit of dates, in its text. Cells that are there, other columns, the order of columns and
    their types stay as they are; where `values` holds NaN, a hole stays one.

    >>> from taut.data.inference import infer_schema
    >>> sheet = as_sheet({"visits": [3, None, 7, 0]})
    >>> schema = infer_schema(sheet, {"visits": "count"})
    >>> fill(schema, sheet, np.array([[9.0], [1.7], [9.0], [9.0]]))["visits"].to_pylist()
    [3, 2, 7, 0]
    """
    values = _checked(schema, values)
    if len(values) != len(sheet):
        raise ShapeError(f"Wanted {len(sheet)} rows to fill `{sheet.name}`; got {len(values)}; give one for each.")
    frame, changed = sheet.frame, []
    for number, (column, place) in enumerate(match_columns(schema, sheet)):
        cells = cells_like(sheet, place, column)
        rows = np.flatnonzero(~cells.present & ~np.isnan(values[:, number]))
        if len(rows):
            notation = (cells.notation or column.notation or Notation()) if cells.spelled else None
            changed.append(_filled(sheet.series[place], column, values[:, number], rows, notation))
    return (frame.with_columns(*changed) if changed else frame).to_native()


def restored(column: Column, values: np.ndarray, *, as_cells: bool = False) -> pa.Array:
    """One column of cells from its encoded numbers, null for NaN; with `as_cells` numbers have its decimals."""
    return (kind_of(column).decode or decode_numbers)(column, values, as_cells)


def _filled(
    cells: nw.Series, column: Column, values: np.ndarray, rows: np.ndarray, notation: Notation | None
) -> nw.Series:
    new = restored(column, values, as_cells=True)
    if notation is not None:
        new = _as_text(new, notation)
    backend = cells.implementation
    fresh = nw.from_arrow(pa.table({"cells": new}), backend=backend)["cells"].alias(cells.name)
    if cells.null_count() == len(cells):
        return in_type_of(fresh, cells)
    part = in_type_of(nw.from_arrow(pa.table({"cells": new.take(pa.array(rows))}), backend=backend)["cells"], cells)
    return cells.scatter(rows.tolist(), part)


def _checked(schema: Schema, values: np.ndarray) -> np.ndarray:
    values, width = np.asarray(values, np.float64), len(schema.modelled)
    if values.ndim != 2 or values.shape[1] != width:
        raise ShapeError(
            f"Wanted one number for each of the {width} modelled columns; got shape {values.shape}; reshape."
        )
    return values
