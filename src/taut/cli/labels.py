"""Labels for pictures: one for each row, numbers or words."""

import csv
from pathlib import Path

import numpy as np

from taut import datasets
from taut.data import Table
from taut.data.reading import exists
from taut.errors import DataError, ShapeError


def labels_for(source: str | None, table: Table) -> np.ndarray | None:
    """One label for each row of `table`, as text: those of `source`, or those that came with the table.

    Raises DataError or ShapeError where `source` is not one column of as many rows.
    """
    if source is None:
        return table.labels
    labels = _read(source, len(table))
    if len(labels) != len(table):
        raise ShapeError(
            f"Wanted one label for each of {len(table)} rows of `{table.name}`; `{source}` holds {len(labels)}; "
            "give as many."
        )
    return labels


def _read(source: str, rows: int) -> np.ndarray:
    if Path(source).suffix.lower() == ".csv" and exists(source):
        return _words(Path(source), rows)
    table = datasets.load(source, as_column=True)
    if table.labels is not None:
        return table.labels
    _check_one_column(source, table.features)
    return np.array([f"{value:g}" for value in table.values[:, 0]])


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
