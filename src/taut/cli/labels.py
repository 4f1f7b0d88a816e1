"""Labels for pictures: one for each row, numbers or words."""

import csv
from pathlib import Path

import numpy as np

from taut import datasets
from taut.cli.rows import Rows, text_column
from taut.data import Sheet, exists
from taut.errors import DataError, ShapeError

_TEXT = (".csv", ".tsv", ".txt")


def labels_for(source: str | None, rows: Rows) -> np.ndarray | None:
    """One label for each of `rows`, as text: those of `source`, or those that came with the rows.

    `source` may also name a column of a sheet. Raises DataError or ShapeError where it is not one column of as many
    rows.
    """
    if source is None:
        return None if isinstance(rows, Sheet) else rows.labels
    if isinstance(rows, Sheet) and source in rows.columns:
        return text_column(rows, source)
    labels = _read(source, len(rows))
    if len(labels) != len(rows):
        raise ShapeError(
            f"Wanted one label for each of {len(rows)} rows of `{rows.name}`; `{source}` holds {len(labels)}; "
            "give as many."
        )
    return labels


def _read(source: str, rows: int) -> np.ndarray:
    if Path(source).suffix.lower() in _TEXT and exists(source):
        return _words(Path(source), rows)
    found = datasets.load(source, as_column=True)
    if isinstance(found, Sheet):
        _check_one_column(source, len(found.columns))
        return text_column(found, found.columns[0])
    if found.labels is not None:
        return found.labels
    _check_one_column(source, found.features)
    return np.array([f"{value:g}" for value in found.values[:, 0]])


def _words(path: Path, rows: int) -> np.ndarray:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line]
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"Wanted labels as text (.csv, UTF-8); `{path}` is something else; convert it.") from None
    for line in lines:
        _check_one_column(str(path), len(line))
    # One line more than there are rows can only be the name of the column.
    return np.array([line[0] for line in lines[1 if len(lines) == rows + 1 else 0 :]], dtype=str)


def _check_one_column(source: str, columns: int) -> None:
    if columns != 1:
        raise ShapeError(f"Wanted labels in one column; `{source}` has {columns}; leave out the others.")
