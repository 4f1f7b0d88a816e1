"""Writing results: columns of equal length, whole or not at all."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import enum
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.dense import plain
from taut.data.frames import write_frame
from taut.data.layout import UNCUT, decoded, laid_out
from taut.data.notations import Notation
from taut.data.read_errors import decoding
from taut.data.text_cells import spelled_notation
from taut.errors import DataError, OptionError, ShapeError
from taut.files import written_whole

TEXT = (".csv", ".tsv", ".txt")
"""Endings of files of text."""


class Manner(enum.Enum):
    """How a column spells truth values where Python would spell them otherwise."""

    PLAIN = "plain"
    UPPER = "TRUE and FALSE"
    TITLE = "True and False"


@dataclasses.dataclass(frozen=True)
class Spelled:
    """The lines of a table as text, names included, what stands above and below these, and the signs between cells."""

    lines: list[list[str]]
    named: bool
    separator: str
    newline: str
    above: list[str] = dataclasses.field(default_factory=list)
    units: str | None = None

    @property
    def header(self) -> list[str] | None:
        """The names of the columns."""
        return self.lines[0] if self.named else None

    @property
    def rows(self) -> list[list[str]]:
        """The cells of each row."""
        return self.lines[1:] if self.named else self.lines

    def fits(self, rows: int) -> bool:
        """Whether each line is one of so many rows."""
        return len(self.rows) == rows and len({len(line) for line in self.lines}) == 1

    def manner(self, place: int, values: list[Any]) -> Manner | Notation:
        """How a column spells what it holds, from the cells that are there."""
        seen = [(row[place].strip(), value) for row, value in zip(self.rows, values, strict=True) if value is not None]
        if not seen:
            return Manner.PLAIN
        text, value = seen[0]
        if isinstance(value, bool):
            return Manner.UPPER if text.isupper() else Manner.TITLE if text.istitle() else Manner.PLAIN
        if not isinstance(value, int | float | datetime.date):
            return Manner.PLAIN
        return spelled_notation([text for text, _ in seen], separator=self.separator) or Manner.PLAIN


def spelled_in(source: str | Path) -> Spelled | None:
    """The cells of a file of text; None where `source` is none. Raises DataError where it does not read as text."""
    path = Path(source).expanduser()
    if path.suffix.lower() not in TEXT or not path.is_file():
        return None
    text, _ = decoded(path.read_bytes(), path.name)
    layout = laid_out(text, path.name)
    sign = layout.separator
    # In a file of one column an empty line is an empty cell; else it is nothing.
    cut = csv.reader(layout.text.splitlines(keepends=True), delimiter=sign)
    with decoding(path, "a table as text (.csv, UTF-8)"):
        lines = [row or [""] for row in cut if row or sign == UNCUT]
    return Spelled(
        lines,
        layout.header,
        separator="," if sign == UNCUT else sign,
        newline="\r\n" if "\r\n" in text else "\n",
        above=layout.above,
        units=layout.units,
    )


def spell(value: Any, manner: Manner | Notation = Manner.PLAIN) -> str:
    """A value as a cell of text.

    >>> spell(1.5, Notation(decimal=",")), spell(True), spell(None)
    ('1,5', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        text = str(value).lower()
        return text.upper() if manner is Manner.UPPER else text.title() if manner is Manner.TITLE else text
    return manner.write(value) if isinstance(manner, Notation) else str(value)


Columns = dict[str, np.ndarray]


def write(data: Any, path: str | Path, names: Sequence[str] | None = None) -> None:
    """Write columns, a two-dimensional array, or a data frame, to .csv, .parquet, .npy or .npz.

    A frame of any library, with its text, dates and holes, goes to .csv or .parquet. A mapping gives each column
    its name; an array takes `names`, or x0, x1, …. Numbers keep every digit. `.npy` holds one array of rows and
    columns, and `.npz` one array for each name (an array alone is called `values`), so neither keeps `names`. Raises
    OptionError for another ending, ShapeError where columns and names do not fit together, and DataError where a
    column cannot be stored or the folder not be written.
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise OptionError(f"Wanted a file ending in {', '.join(_WRITERS)}; got `{path}`; choose one of these.")
    if nw.dependencies.is_into_dataframe(data) and not isinstance(data, np.ndarray):
        write_frame(data, path)
        return
    columns = _from_array(data, names) if isinstance(data, np.ndarray) else _from_mapping(data)
    if isinstance(data, np.ndarray) and writer is _write_npz:
        columns = {"values": data}
    for name, column in columns.items():
        _check_storable(name, column)
    with written_whole(path) as temporary:
        writer(columns, temporary)


def as_frame(data: Any, names: Sequence[str] | None = None) -> pa.Table:
    """Columns or an array as a frame of Arrow. Raises ShapeError and DataError as `write` does."""
    columns = _from_array(data, names) if isinstance(data, np.ndarray) else _from_mapping(data)
    for name, column in columns.items():
        _check_storable(name, column)
    return _arrow(columns)


def _from_array(values: np.ndarray, names: Sequence[str] | None) -> Columns:
    if values.ndim != 2:
        raise ShapeError(f"Wanted rows and columns to write; got an array of shape {values.shape}; reshape it.")
    names = [f"x{number}" for number in range(values.shape[1])] if names is None else [str(name) for name in names]
    if len(names) != values.shape[1]:
        raise ShapeError(f"Wanted {values.shape[1]} column names; got {len(names)}; give one for each column.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise OptionError(f"Wanted distinct column names; got `{twice}` twice; rename one.")
    return {name: values[:, number] for number, name in enumerate(names)}


def _from_mapping(data: Mapping[str, np.ndarray | Sequence]) -> Columns:
    columns = {str(name): np.asarray(column) for name, column in data.items()}
    if not columns:
        raise ShapeError("Wanted at least one column to write; got none; give some.")
    rows = next(iter(columns.values())).shape[:1]
    for name, column in columns.items():
        if column.ndim != 1:
            raise ShapeError(f"Wanted one-dimensional columns; `{name}` has shape {column.shape}; split it.")
        if column.shape != rows:
            raise ShapeError(
                f"Wanted columns of one length; `{name}` has {len(column)} rows, not {rows[0]}; align them."
            )
    return columns


def _check_storable(name: str, column: np.ndarray) -> None:
    if column.dtype.kind not in "biufU":
        raise DataError(f"Wanted columns of numbers or text; `{name}` has dtype {column.dtype}; convert it.")


def _write_csv(columns: Columns, path: Path) -> None:
    arrow_csv.write_csv(_arrow(columns), path)


def _write_parquet(columns: Columns, path: Path) -> None:
    parquet.write_table(_arrow(columns), path)


def _write_npy(columns: Columns, path: Path) -> None:
    for name, column in columns.items():
        if column.dtype.kind == "U":
            raise DataError(f"An .npy file holds numbers only; column `{name}` is text; write .csv, .parquet or .npz.")
    with path.open("wb") as file:
        np.save(file, np.column_stack(list(columns.values())), allow_pickle=False)


def _write_npz(columns: Columns, path: Path) -> None:
    # numpy.savez takes names as keyword arguments, so a column called `file` would clash with its own.
    with zipfile.ZipFile(path, "w") as archive:
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, column, allow_pickle=False)


def _arrow(columns: Columns) -> pa.Table:
    return pa.table({name: pa.array(plain(column)) for name, column in columns.items()})


_WRITERS: dict[str, Callable[[Columns, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".npy": _write_npy,
    ".npz": _write_npz,
}
