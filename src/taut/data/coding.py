"""Rows of a sheet as the numbers that a model sees: `encode`."""

from typing import Any

import numpy as np

from taut.data.blocks import block_numbers, fields_like
from taut.data.cells import Cells
from taut.data.extracting import cells_like
from taut.data.kinds import kind_of
from taut.data.schema import Category, Column, Schema
from taut.data.sheet import Sheet
from taut.data.support import check_cells, check_unit, check_within_reach
from taut.data.table import Table
from taut.errors import DataError, ShapeError, SupportError


def encode(schema: Schema, X: Any, *, strict: bool = False) -> Table:
    """The (n, entries) numbers of the modelled fields of X, NaN for holes, with the columns of X `beside` them.

    A quantity is (x − offset)/unit, in days for a date; a count is as it is; binary is 0 or 1; categorical and ordinal
    are codes; greys are not binarised. Columns are found by name, or by position where either side has no
    names. A category that the fit did not see becomes a hole, with a note; `strict` raises SupportError instead.
    Raises DataError for a missing column, another type, or an infinity, SupportError for a value outside the kind,
    naming column and row, and ShapeError where columns without names are more or fewer.

    >>> from taut.data.inference import infer_schema
    >>> from taut.data.sheet import as_sheet
    >>> sheet = as_sheet({"sex": ["f", "m", None], "size": [1.5, 2.5, 4.5]})
    >>> encode(infer_schema(sheet, {"sex": "binary"}), sheet).values.round(3).tolist()
    [[0.0, -1.069], [1.0, -0.267], [nan, 1.336]]
    """
    sheet = fields_like(schema, X)
    parts, notes = [np.empty((len(sheet), 0), np.uint8)], list(sheet.notes)
    unseen = []
    for column, place in match_columns(schema, sheet):
        if column.block is not None:
            parts.append(block_numbers(column, sheet, place))
            continue
        cells = cells_like(sheet, place, column)
        notes += check_unit(column, cells, sheet.name)
        coded, new = _encoded(column, cells, sheet.name, strict=strict)
        parts.append(coded[:, None])
        unseen += new
        notes += new
    values = parts[1] if len(parts) == 2 else np.hstack(parts)
    notes += _left_out(schema, sheet)
    empty = int(np.isnan(values).all(axis=1).sum()) if values.dtype.kind == "f" and values.shape[1] else 0
    if empty:
        notes.append(f"{empty} of {len(sheet)} rows have no cell that is modelled; their log p(x) is 0 by definition.")
    return Table(
        values=values,
        name=sheet.name,
        columns=schema.entry_names,
        image_shape=None if sheet.block is None else sheet.block.image_shape,
        labels=sheet.labels,
        notes=notes,
        unseen=unseen,
        beside=sheet,
    )


def match_columns(schema: Schema, sheet: Sheet) -> list[tuple[Column, int]]:
    """Each modelled field and where it is in the sheet, −1 for the block beside its columns.

    Raises as `encode` does where one is nowhere.
    """
    if sheet.block is not None:
        return [(column, -1) for column in schema.modelled]
    if not (schema.named and sheet.named):
        if len(sheet.columns) != len(schema.columns):
            raise ShapeError(
                f"{sheet.name} has {len(sheet.columns)} features, but model is expecting {len(schema.columns)} "
                "features as input, since without names they are told by position; give the columns of the fit."
            )
        return [(column, place) for place, column in enumerate(schema.columns) if column.modelled]
    places = {name: place for place, name in enumerate(sheet.columns)}
    for column in schema.modelled:
        if column.name not in places:
            raise DataError(
                f"Wanted the column `{column.name}` of the fit; `{sheet.name}` has none of that name; add it, empty if "
                "nothing is known."
            )
    return [(column, places[column.name]) for column in schema.modelled]


def _left_out(schema: Schema, sheet: Sheet) -> list[str]:
    if not (schema.named and sheet.named) or sheet.block is not None:
        return []
    known = {column.name for column in schema.columns}
    new = [f"`{name}`" for name in sheet.columns if name not in known]
    if not new:
        return []
    shown = ", ".join(new[:5]) + (f" and {len(new) - 5} more" if len(new) > 5 else "")
    return [f"Not among the columns of the fit, and ignored: {shown}."]


def _encoded(column: Column, cells: Cells, name: str, *, strict: bool) -> tuple[np.ndarray, list[str]]:
    """The numbers of a column, and a note where it holds categories that the fit did not see."""
    kind = kind_of(column)
    if not kind.coded:
        check_cells(cells, column, name)
        if not cells.present.any():
            return np.full(len(cells.present), np.nan), []
        coded = cells.numbers(column.offset, column.unit)
        check_within_reach(cells, coded, kind, name)
        return coded, []
    if strict:
        return known_codes(column, cells, name), []
    codes, unseen = _codes(column, cells, name)
    if not len(unseen):
        return codes, []
    first, row = cells.first(np.isin(np.arange(len(codes)), unseen))
    rows = "1 row" if len(unseen) == 1 else f"{len(unseen)} rows"
    return codes, [
        f"Column {cells.title}: {rows} with a category that the fit did not see, first `{first[:40]}` in row {row} "
        "(counting from 0); taken as missing."
    ]


def known_codes(column: Column, cells: Cells, name: str, *, cure: str = "empty it") -> np.ndarray:
    """The code of each cell, NaN where there is none.

    Raises SupportError, naming column and row, for a category that the column does not have; `cure` says what else to
    do than mend the cell.
    """
    codes, unseen = _codes(column, cells, name)
    if len(unseen):
        first, row = cells.first(np.isin(np.arange(len(codes)), unseen))
        raise SupportError(
            f"Wanted the categories of the fit in column {cells.title} of `{name}`; row {row} (counting from 0) holds "
            f"`{first[:40]}`; mend the cell, or {cure}."
        )
    return codes


def _codes(column: Column, cells: Cells, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The code of each cell, NaN where there is none, and the rows whose category was not among those of the fit."""
    categories = column.categories or []
    exact = {category: code for code, category in enumerate(categories)}
    # The same table reaches us as True from a frame and as text from a file, so spelling is second.
    spelled = {_spelling(category): code for code, category in enumerate(categories)}
    cache: dict[Any, float] = {None: np.nan}
    labels = cells.labels()
    for label in set(labels) - {None}:
        cache[label] = exact.get(label, spelled.get(_spelling(label), np.nan))
    codes = np.array([cache[label] for label in labels], np.float64)
    unseen = np.flatnonzero(cells.present & np.isnan(codes))
    if len(unseen) and len(unseen) == cells.present.sum() and _is_text(categories) != (cells.values.dtype == object):
        cell, row = cells.first(cells.present)
        wanted = "text" if _is_text(categories) else "numbers or truth values"
        raise DataError(
            f"Wanted {wanted} in column {cells.title} of `{name}`, as in the fit; row {row} (counting from 0) holds "
            f"`{cell[:40]}`; convert the column."
        )
    return codes, unseen


def _is_text(categories: list[Category]) -> bool:
    return any(isinstance(category, str) for category in categories)


def _spelling(label: Any) -> str:
    return str(label).lower() if isinstance(label, bool) or str(label).lower() in ("true", "false") else str(label)
