"""Rows with their holes filled, as a file of the kind they came from. Heavy: imported when a command begins."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from taut.data import (
    TEXT,
    Column,
    Schema,
    Sheet,
    Spelled,
    cells_like,
    decode,
    kind_of,
    match_columns,
    readable_cells,
    spell,
    spelled_in,
    write,
)
from taut.errors import DataError
from taut.estimators import Fitted, Imputation, check_fillable
from taut.files import write_text

NUMBERED = "imputation"


@dataclasses.dataclass(frozen=True)
class Filled:
    """A sheet, its text where it came from a file of text, and which cells of modelled columns are missing in it."""

    sheet: Sheet
    text: Spelled | None
    columns: list[tuple[Column, int]]
    holes: np.ndarray
    left: dict[str, int]

    @classmethod
    def of(cls, fitted: Fitted, sheet: Sheet, source: str) -> Filled:
        """What there is to fill, and what is left because its column is not modelled."""
        check_fillable(fitted.schema)
        columns = match_columns(fitted.schema.unfolded, sheet)
        holes = np.column_stack([~cells_like(sheet, place, column).present for column, place in columns])
        others = set(range(len(sheet.columns))) - {place for _, place in columns}
        unmodelled = {sheet.columns[place]: readable_cells(sheet, place) for place in sorted(others)}
        missing = {name: int((~cells.present).sum()) for name, cells in unmodelled.items() if cells is not None}
        left = {name: count for name, count in missing.items() if count}
        text = spelled_in(source)
        text = None if text is None or not text.fits(len(sheet)) else text
        return cls(sheet, text, columns, holes, left)

    @property
    def count(self) -> int:
        """How many cells are filled."""
        return int(self.holes.sum())

    @property
    def rows(self) -> int:
        """How many rows have one."""
        return int(self.holes.any(axis=1).sum())

    @property
    def by_column(self) -> dict[str, int]:
        """Filled cells of each column that has some."""
        counts = self.holes.sum(axis=0).tolist()
        return {self.sheet.columns[place]: n for (_, place), n in zip(self.columns, counts, strict=True) if n}

    def remarks(self) -> list[str]:
        """What a person should know of the holes."""
        said = [f"`{name}` is not modelled: its {count} missing cells stay empty." for name, count in self.left.items()]
        return said if self.count else [*said, f"No cell of a modelled column is missing in `{self.sheet.name}`."]

    def write(self, frames: list[Any], out: Path, *, numbered: bool) -> None:
        """Write one frame, or several below one another with their number first.

        Text goes to text as it was spelled. Raises DataError where the number's column has the name of another.
        """
        if numbered and NUMBERED in self.sheet.columns:
            raise DataError(
                f"Wanted the column name `{NUMBERED}` for the number of the completion; `{self.sheet.name}` has one of "
                "that name; rename it."
            )
        if self.text is None or out.suffix.lower() not in TEXT:
            self._write_frames(frames, out, numbered=numbered)
            return
        file = io.StringIO()
        writer = csv.writer(file, delimiter=self.text.separator, lineterminator=self.text.newline)
        for line in self.text.above:
            file.write(line + self.text.newline)
        if self.text.header is not None:
            writer.writerow([NUMBERED, *self.text.header] if numbered else self.text.header)
        if self.text.units is not None:
            file.write((self.text.separator if numbered else "") + self.text.units + self.text.newline)
        for number, frame in enumerate(frames, 1):
            writer.writerows([str(number), *row] if numbered else row for row in self._lines(frame, self.text))
        write_text(out, file.getvalue())

    def _lines(self, frame: Any, text: Spelled) -> Iterator[list[str]]:
        """The rows of the file, with what the frame has where cells are missing."""
        rows = [list(row) for row in text.rows]
        for (_, place), missing in zip(self.columns, self.holes.T, strict=True):
            numbers = np.flatnonzero(missing)
            fresh = frame.column(place).take(pa.array(numbers)).to_pylist()
            there = zip(self.sheet.series[place].to_list(), missing, strict=True)
            like = text.manner(place, [None if hole else cell for cell, hole in there])
            for number, cell in zip(numbers, fresh, strict=True):
                rows[number][place] = spell(cell, like)
        return iter(rows)

    def _write_frames(self, frames: list[Any], out: Path, *, numbered: bool) -> None:
        if out.suffix.lower() not in (".csv", ".parquet"):
            raise DataError(f"Wanted text to write `{out}` from; `{self.sheet.name}` is none; write .csv or .parquet.")
        if not numbered:
            write(frames[0], out)
            return
        tables = [
            frame.add_column(0, NUMBERED, pa.array(np.full(len(self.sheet), number)))
            for number, frame in enumerate(frames, 1)
        ]
        write(pa.concat_tables(tables, promote_options="permissive"), out)


def filled_cells(filled: Filled, found: Imputation, first: int = 0) -> pa.Table:
    """A line for each filled cell: row (from `first` on), column, value, std_dev, probability, low, high.

    A number has a standard deviation (a date in days) and ends of an interval, a category the probability of the value.
    """
    rows, places = np.nonzero(filled.holes)
    schema_place = {name: number for number, name in enumerate(found.columns)}
    lines: list[dict[str, Any]] = []
    for row, place in zip(rows.tolist(), places.tolist(), strict=True):
        column, where = filled.columns[place]
        own = schema_place[column.name]
        coded = kind_of(column).coded
        ends = (None, None) if coded else (_end(column, found.low[row, own]), _end(column, found.high[row, own]))
        lines.append(
            {
                "row": row + first,
                "column": filled.sheet.columns[where],
                "value": spell(found.single.column(where)[row].as_py()),
                "std_dev": None if coded else float(found.deviation[row, own]),
                "probability": float(found.chance[row, own]) if coded else None,
                "low": ends[0],
                "high": ends[1],
            }
        )
    kinds = {name: pa.string() for name in ("column", "value", "low", "high")}
    kinds |= {"row": pa.int64(), "std_dev": pa.float64(), "probability": pa.float64()}
    names = ("row", "column", "value", "std_dev", "probability", "low", "high")
    return pa.table({name: pa.array([line[name] for line in lines], kinds[name]) for name in names})


def _end(column: Column, value: float) -> str:
    """An end of an interval as text: that of a date is one."""
    if kind_of(column).reads != "dates":
        return repr(float(value))
    days = np.array([[(value - column.offset) / column.unit]])

    return spell(decode(Schema(columns=(column,)), days).column(0)[0].as_py())
