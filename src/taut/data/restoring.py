"""From the numbers a model gives back to columns as people have them: `decode`, `fill`."""

from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.blocks import as_lists, holds_objects, lists_like
from taut.data.coding import match_columns
from taut.data.decoding import decode_numbers
from taut.data.extracting import cells_like
from taut.data.kinds import kind_of
from taut.data.native_types import in_type, in_type_of, is_hole
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
    values, columns = _checked(schema, values), {}
    for column, span in schema.spans:
        if column.block is None:
            columns[column.name] = restored(column, np.asarray(values[:, span.start], np.float64), as_cells=as_cells)
        else:
            columns |= _block_columns(column, restored_block(column, values[:, span], as_cells=as_cells))
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
    schema = schema.unfolded
    for (column, place), (_, span) in zip(match_columns(schema, sheet), schema.spans, strict=True):
        own = np.asarray(values[:, span], np.float64)
        changed += (
            _filled_lists(sheet, column, place, own) if column.block else _filled_cells(sheet, column, place, own[:, 0])
        )
    return (frame.with_columns(*changed) if changed else frame).to_native()


def _filled_cells(sheet: Sheet, column: Column, place: int, values: np.ndarray) -> list[nw.Series]:
    cells = cells_like(sheet, place, column)
    rows = np.flatnonzero(~cells.present & ~np.isnan(values))
    if not len(rows):
        return []
    notation = (cells.notation or column.notation or Notation()) if cells.spelled else None
    return [_filled(sheet.series[place], column, values, rows, notation)]


def _filled_lists(sheet: Sheet, field: Column, place: int, values: np.ndarray) -> list[nw.Series]:
    """A column of lists with the holes in them filled, whole lists included."""
    assert field.block is not None
    came, cells = lists_like(field, sheet, place), sheet.series[place]
    holes = np.isnan(came) & ~np.isnan(values) if came.dtype.kind == "f" else np.zeros(came.shape, bool)
    if not holes.any():
        return []
    fresh = restored_block(field, values)
    fresh = np.rint(fresh) if kind_of(field).discrete else fresh
    whole = np.where(holes, fresh, came)
    if holds_objects(cells) and cells.null_count() < len(cells):
        images = whole.reshape(-1, *(field.block.shape or (field.width,)))
        return [_filled_objects(cells, images, np.any(holes, axis=1, keepdims=True)[:, 0])]
    filled = as_lists(whole, field.block.shape)
    if not cells.implementation.is_pandas_like() and cells.null_count() < len(cells):
        filled = filled.cast(cells.to_arrow().type)
    new = nw.from_arrow(pa.table({"cells": filled}), backend=cells.implementation)["cells"].alias(cells.name)
    index = nw.maybe_get_index(sheet.frame)
    return [new if index is None else nw.maybe_set_index(new, index=index)]


def _filled_objects(cells: nw.Series, whole: np.ndarray, changed: np.ndarray) -> nw.Series:
    """A column of pandas in which some cells are others, as lists or arrays, whichever the first is."""
    native, new = cells.to_native(), cells.to_numpy().copy()
    first = next(cell for cell in new if not is_hole(cell))
    for row in np.flatnonzero(changed):
        cell = whole[row]
        plain = isinstance(first, np.ndarray) and first.dtype.kind in "biu" and bool(np.all(cell == np.rint(cell)))
        new[row] = cell.astype(first.dtype) if plain else cell if isinstance(first, np.ndarray) else cell.tolist()
    return nw.from_native(type(native)(new, index=native.index, name=native.name), series_only=True)


def restored_block(field: Column, values: np.ndarray, *, as_cells: bool = False) -> np.ndarray:
    """The numbers of a block from its encoded ones; with `as_cells` counts and categories are whole."""
    assert field.block is not None
    numbers = values if field.block.units is None else field.block.units.restore(values)
    # Counts are drawn as floats, because they reach further than the integers of a device.
    whole = as_cells and kind_of(field).discrete and numbers.dtype.kind == "f" and not np.isnan(numbers).any()
    return numbers.astype(np.int64) if whole else numbers


def _block_columns(field: Column, numbers: np.ndarray) -> dict[str, pa.Array]:
    assert field.block is not None
    if field.block.listed:
        return {field.name: as_lists(numbers, field.block.shape)}
    return {
        entry.name: pa.array(column, mask=np.isnan(column))
        for entry, column in zip(field.entries, numbers.T, strict=True)
    }


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
    values, width = np.asarray(values), schema.width
    if values.ndim != 2 or values.shape[1] != width:
        raise ShapeError(
            f"Wanted one number for each of the {width} modelled entries; got shape {values.shape}; reshape."
        )
    return values
