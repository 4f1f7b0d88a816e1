"""Which rows show what a column can hold: they go into the sample by which its kind is decided."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int, Num

from taut.data.numerals import functions
from taut.data.opened import Rows, arrow_of
from taut.data.sheet import Sheet
from taut.data.table import Table

# More labels than this are no categories; more columns than this are one block, whose ends are those of all.
MOST_LABELS, MOST_COLUMNS = 1000, 256


class Witnesses:
    """Rows with the smallest and the largest number of a column, its first hole and fraction, and each new label.

    >>> from taut.data.sheet import as_sheet
    >>> seen = Witnesses()
    >>> seen.look(as_sheet({"size": [3, 1, 2, 9], "sex": ["f", "f", "m", "f"]}), 10, np.ones(4, bool))
    >>> seen.rows.tolist()
    [10, 11, 12, 13]
    """

    def __init__(self) -> None:
        self._ends: dict[str, tuple[Num[np.ndarray, "columns"], Int[np.ndarray, "columns"]]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._holes: dict[str, int] = {}

    @property
    def rows(self) -> Int[np.ndarray, "n"]:
        """Their numbers, which rise."""
        found = [rows[rows >= 0] for _, rows in self._ends.values()]
        found += [np.array(list(rows.values()), np.int64) for rows in (*self._labels.values(), self._holes)]
        return np.unique(np.concatenate([np.empty(0, np.int64), *found]))

    def look(self, block: Rows, start: int, counted: Bool[np.ndarray, "n"]) -> None:
        """At the `counted` rows of a block whose first row has the number `start`."""
        numbers = np.flatnonzero(counted) + start
        if not len(numbers):
            return
        if isinstance(block, Table):
            values = block.values[counted]
            values = values if values.shape[1] <= MOST_COLUMNS else _ends_of_rows(values)
            self._look_at_numbers("values", values, numbers)
        sheet: Sheet | None = block if isinstance(block, Sheet) else block.beside
        if sheet is not None:
            columns = arrow_of(sheet).filter(pa.array(counted)).columns
            for name, column in zip(sheet.columns, columns, strict=True):
                self._look_at_column(name, column, numbers)

    def _look_at_column(self, name: str, column: pa.ChunkedArray, numbers: Int[np.ndarray, "n"]) -> None:
        kind = column.type
        if column.null_count and name not in self._holes:
            self._holes[name] = int(numbers[functions.index(functions.is_null(column), True).as_py()])
        if pa.types.is_temporal(kind):
            column = column.cast(pa.int32() if pa.types.is_date32(kind) or pa.types.is_time32(kind) else pa.int64())
        if pa.types.is_integer(column.type) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            values = column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy()
            self._look_at_numbers(name, values[:, None], numbers)
            return
        if not pa.types.is_nested(kind):
            column = column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column
            self._look_at_labels(name, column, numbers)

    def _look_at_labels(self, name: str, column: pa.ChunkedArray, numbers: Int[np.ndarray, "n"]) -> None:
        known = self._labels.setdefault(name, {})
        if len(known) >= MOST_LABELS:
            return
        for label in functions.unique(column.drop_null()):
            if (text := str(label)) not in known and len(known) < MOST_LABELS:
                known[text] = int(numbers[functions.index(column, label).as_py()])

    def _look_at_numbers(self, name: str, values: Num[np.ndarray, "n columns"], numbers: Int[np.ndarray, "n"]) -> None:
        for what, each in _extremes(values).items():
            largest, rows = self._ends.get(f"{what} {name}", (np.full(values.shape[1], -np.inf), _none(values)))
            place = np.argmax(each, axis=0)
            own = np.take_along_axis(each, place[None], axis=0)[0]
            self._ends[f"{what} {name}"] = np.maximum(own, largest), np.where(own > largest, numbers[place], rows)


def _extremes(values: Num[np.ndarray, "n columns"]) -> dict[str, Float[np.ndarray, "n columns"]]:
    """What is largest at the largest number, at the smallest, at the first fraction and at the first hole."""
    floats = values.astype(np.float64)
    if values.dtype.kind != "f":
        return {"largest": floats, "smallest": -floats}
    holes = np.isnan(floats)
    shown = {"largest": np.where(holes, -np.inf, floats), "smallest": np.where(holes, -np.inf, -floats)}
    fractions = ~holes & (floats != np.floor(floats))
    return shown | {
        what: np.where(some, 1.0, -np.inf) for what, some in (("fraction", fractions), ("hole", holes)) if some.any()
    }


def _ends_of_rows(values: Num[np.ndarray, "n width"]) -> Num[np.ndarray, "n some"]:
    """The smallest and the largest number of each row, its first fraction and a hole if it has one, in their place."""
    ends = np.stack([values.min(axis=1), values.max(axis=1)], axis=1)
    if values.dtype.kind != "f":
        return ends
    fractions = np.argmax(values != np.floor(values), axis=1)
    return np.column_stack([ends, np.take_along_axis(values, fractions[:, None], axis=1)])


def _none(values: Num[np.ndarray, "n columns"]) -> Int[np.ndarray, "columns"]:
    return np.full(values.shape[1], -1)
