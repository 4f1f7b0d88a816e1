"""DATA on the command line: as rows to train on, and as rows for a run. Heavy: imported when a command begins."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import narwhals as nw
import numpy as np

from taut import datasets, estimators
from taut.cli.voice import Voice
from taut.data import Schema, Sheet, Table, as_sheet, encode
from taut.datasets.loading import as_block, is_numbers
from taut.errors import OptionError, RunFolderError
from taut.estimators import VAE

Rows = Table | Sheet


def run_in(folder: str | Path) -> VAE:
    """The autoencoder in a run folder. Raises RunFolderError where there is none."""
    found = estimators.load(folder)
    if not isinstance(found, VAE):
        kind = type(found).__name__
        raise RunFolderError(f"A run of `taut fit` is wanted; `{folder}` holds a {kind}; use it from Python.")
    # Files are read and written as arrays or Arrow's tables, whatever library the fit was of.
    found.library_ = "numpy" if found.schema_ is None or found.library_ == "numpy" else "pyarrow"
    return found


def marked(words: str | None) -> tuple[str, ...]:
    """The values of `--na-values`.

    >>> marked("-999, missing"), marked(None)
    (('-999', 'missing'), ())
    """
    return () if words is None else tuple(word.strip() for word in words.split(","))


def rows_to_fit(source: str, *, likelihood: str, schema: Path | None, binarise: str) -> Rows:
    """The rows of `source`; numbers that are to be of one likelihood, or binarised, are one block."""
    rows = datasets.load(source)
    one_block = schema is None and (likelihood not in ("auto", "mixed") or binarise != "none")
    return as_block(rows) if isinstance(rows, Sheet) and one_block and is_numbers(rows) else rows


def rows_for(vae: VAE, source: str, voice: Voice, *, strict: bool = False, na_values: str | None = None) -> Rows:
    """The rows of `source` as this run wants them, see `fitting_rows`; what was decided about their cells is said."""
    rows, notes = fitting_rows(vae, datasets.load(source), strict=strict, na_values=na_values)
    for note in notes:
        voice.say(note)
    return rows


def sheet_for(vae: VAE, source: str, voice: Voice, *, na_values: str | None = None) -> Sheet:
    """As `rows_for`, but always a sheet: in one block whole numbers beside holes would lose their type."""
    if vae.schema_ is not None:
        return as_sheet(rows_for(vae, source, voice, na_values=na_values))
    return as_sheet(datasets.load(source)).with_na_values(marked(na_values))


def fitting_rows(vae: VAE, rows: Rows, *, strict: bool = False, na_values: str | None = None) -> tuple[Rows, list[str]]:
    """Rows for a table or for a block of numbers, whichever the run was fitted to, and what to say about their cells.

    An array stays one, so that what comes of it is one, too.

    Raises DataError where a column is missing or of another type, and with `strict` SupportError for a category that
    the fit did not see, which counts as missing otherwise.
    """
    if vae.schema_ is None and na_values is not None:
        raise OptionError("`--na-values` wants a run of a table; this one is of a block of numbers; fit a table.")
    if vae.schema_ is None:
        return (as_block(rows, holes=True) if isinstance(rows, Sheet) else rows), []
    sheet = as_sheet(rows).with_na_values(marked(na_values))
    notes = encode(vae.schema_, sheet, strict=strict).notes
    return (rows if is_array(rows) and na_values is None else sheet), notes


def is_array(rows: Rows) -> bool:
    """Whether the rows are numbers that came as an array."""
    return isinstance(rows, Table)


def taken(rows: Rows, numbers: np.ndarray) -> Rows:
    """Some of the rows."""
    if isinstance(rows, Table):
        beside = None if rows.beside is None else taken(rows.beside, numbers)
        return dataclasses.replace(rows, values=rows.values[numbers], labels=None, beside=beside)
    return dataclasses.replace(rows, frame=rows.frame[numbers.tolist()], notes=[])


def say_left_out(schema: Schema, voice: Voice) -> None:
    """Which columns of the data a run cannot write, because it does not model them."""
    names = [f"`{column.name}`" for column in schema.columns if not column.modelled]
    if names:
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        voice.say(f"Not modelled, and left out: {shown}.")


def text_column(sheet: Sheet, name: str) -> np.ndarray:
    """The cells of one column as text, empty where missing."""
    cells: nw.Series = sheet.series[sheet.columns.index(name)]
    return np.array(["" if cell is None else str(cell) for cell in cells.to_list()], dtype=str)
