"""DATA on the command line: as rows to train on, and as rows for a run. Heavy: imported when a command begins."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from taut import datasets
from taut.cli.voice import Voice
from taut.cli.words import marked
from taut.data import Schema, Sheet, Table, as_sheet, encode
from taut.datasets.loading import as_block, is_numbers
from taut.errors import OptionError, RunFolderError
from taut.estimators.own_parts import own_parts_of
from taut.estimators.runs import read_fitted, read_manifest
from taut.estimators.training import Fitted

if TYPE_CHECKING:
    from taut.estimators import VAE

Rows = Table | Sheet


def run_in(folder: str | Path, parts: str | None = None) -> VAE:
    """The autoencoder in a run folder, its own parts built by `parts`. Raises RunFolderError where there is none."""
    from taut.estimators import VAE, load  # noqa: PLC0415  scikit-learn takes a second, and most commands do not ask it

    found = load(folder, parts=_findable(parts))
    if not isinstance(found, VAE):
        raise _other(folder, type(found).__name__)
    # Files are read and written as arrays or Arrow's tables, whatever library the fit was of.
    found.library_ = "numpy" if found.schema_.spread is not None or found.library_ == "numpy" else "pyarrow"
    return found


def _findable(parts: str | None) -> str | None:
    """Modules in the current folder are found, as `python -m` finds them."""
    if parts is not None and "" not in sys.path:
        sys.path.insert(0, "")
    return parts


def fitted_in(folder: Path, parts: str | None = None) -> Fitted:
    """What was fitted to the run folder, without the estimator around it. Raises RunFolderError where there is none."""
    manifest = read_manifest(folder)
    if manifest.estimator != "VAE":
        raise _other(folder, manifest.estimator)
    return read_fitted(folder, manifest, own_parts_of(folder, manifest.own_parts, _findable(parts)))


def _other(folder: str | Path, kind: str) -> RunFolderError:
    return RunFolderError(f"A run of `taut fit` is wanted; `{folder}` holds a {kind}; use it from Python.")


def rows_to_fit(source: str, *, likelihood: str, schema: Path | None, binarise: str) -> Rows:
    """The rows of `source`; numbers that are to be of one likelihood, or binarised, are one block."""
    rows = datasets.load(source)
    one_block = schema is None and (likelihood not in ("auto", "mixed") or binarise != "none")
    return as_block(rows) if isinstance(rows, Sheet) and one_block and is_numbers(rows) else rows


def rows_for(schema: Schema, source: str, voice: Voice, *, strict: bool = False, na_values: str | None = None) -> Rows:
    """The rows of `source` for a run of this schema, see `fitting_rows`; what was decided about their cells is said."""
    rows, notes = fitting_rows(schema, datasets.load(source), strict=strict, na_values=na_values)
    for note in notes:
        voice.say(note)
    return rows


def sheet_for(schema: Schema, source: str, voice: Voice, *, na_values: str | None = None) -> Sheet:
    """As `rows_for`, but always a sheet: in one block whole numbers beside holes would lose their type."""
    if schema.spread is None:
        return as_sheet(rows_for(schema, source, voice, na_values=na_values))
    return as_sheet(datasets.load(source)).with_na_values(marked(na_values))


def fitting_rows(
    schema: Schema, rows: Rows, *, strict: bool = False, na_values: str | None = None
) -> tuple[Rows, list[str]]:
    """Rows for a table or for a block of numbers, whichever the run was fitted to, and what to say about their cells.

    An array stays one, so that what comes of it is one, too.

    Raises DataError where a column is missing or of another type, and with `strict` SupportError for a category that
    the fit did not see, which counts as missing otherwise.
    """
    if schema.spread is not None and na_values is not None:
        raise OptionError("`--na-values` wants a run of a table; this one is of a block of numbers; fit a table.")
    if schema.spread is not None:
        return (as_block(rows, holes=True) if isinstance(rows, Sheet) else rows), []
    sheet = as_sheet(rows).with_na_values(marked(na_values))
    notes = encode(schema, sheet, strict=strict).notes
    return (rows if is_array(rows) and na_values is None else sheet), notes


def is_array(rows: Rows) -> bool:
    """Whether the rows are numbers that came as an array."""
    return isinstance(rows, Table)


def taken(rows: Rows, numbers: np.ndarray) -> Rows:
    """Some of the rows."""
    some = rows.take(numbers)
    return dataclasses.replace(some, labels=None, notes=rows.notes if is_array(rows) else [])


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
