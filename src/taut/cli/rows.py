"""DATA on the command line: as rows to train on, and as rows for a run. Heavy: imported when a command begins."""

from __future__ import annotations

import dataclasses
import datetime
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from taut import datasets
from taut.auditing import AuditOptions
from taut.cli.console import Console
from taut.data import (
    Column,
    OpenedRows,
    Schema,
    Sheet,
    Table,
    as_sheet,
    encode,
    fields_like,
    kind_of,
    listed,
    spelled_in,
)
from taut.errors import OptionError, RunFolderError, ShapeError
from taut.estimators import AbstractUses, Fitted, own_parts_of, read_fitted, read_manifest
from taut.options import comma_separated

Rows = Table | Sheet
# So many remarks on blocks of rows are said.
MOST_SAID = 10
# So many streamed rows are audited where nobody says how many.
MOST_AUDITED = 1000


def run_in(folder: str | Path, parts: str | None = None) -> AbstractUses:
    """The fit in a run folder, its own parts built by `parts`. Raises RunFolderError where there is none."""
    from taut.estimators import load  # noqa: PLC0415  scikit-learn takes a second, and most commands do not ask it

    found = load(folder, parts=_findable(parts))
    if not isinstance(found, AbstractUses):
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
    if manifest.estimator not in ("VAE", "Run"):
        raise _other(folder, manifest.estimator)
    return read_fitted(folder, manifest, own_parts_of(folder, manifest.own_parts, _findable(parts)))


def _other(folder: str | Path, kind: str) -> RunFolderError:
    return RunFolderError(f"A run of `taut fit` is wanted; `{folder}` holds a {kind}; use it from Python.")


def loaded_for(schema: Schema, source: str) -> Rows:
    """The rows of `source`; images of a folder in the size and the colours of the fit, where it resized its own."""
    return datasets.load(source, **(_of_images(schema) if Path(source).is_dir() else {}))


def _of_images(schema: Schema) -> dict[str, Any]:
    """How images of a folder are read for a fit: in its size where it resized its own, and in its colours."""
    shape, field = schema.image_shape, schema.one_block
    if shape is None:
        return {}
    resized = field is not None and field.block is not None and field.block.resized
    return {"resize": (shape[0], shape[1]) if resized else None, "colour": len(shape) > 2}


def rows_for(
    schema: Schema, source: str, console: Console, *, strict: bool = False, na_values: str | None = None
) -> Sheet:
    """The rows of `source` for a run of this schema, see `fitting_rows`; what was decided about their cells is said."""
    rows, notes = fitting_rows(schema, loaded_for(schema, source), strict=strict, na_values=na_values)
    for note in notes:
        console.say(note)
    return rows


def opened_for(schema: Schema, source: str, console: Console, *, stream: bool | None) -> OpenedRows | None:
    """The rows of `source` where they are to be read a block at a time; see `taut.datasets.load_or_open`."""
    opened, notes = datasets.opened_where_large(source, stream=stream, **_of_images(schema))
    for note in notes:
        console.say(note)
    return opened


def row_blocks(
    schema: Schema,
    source: str,
    console: Console,
    *,
    stream: bool | None = None,
    strict: bool = False,
    na_values: str | None = None,
) -> tuple[int, Iterator[tuple[int, Sheet]]]:
    """How many rows `source` has; and blocks of them as `fitting_rows`, each with the number of its first row.

    All are one block unless they are streamed.
    """
    opened = opened_for(schema, source, console, stream=stream)
    if opened is None:
        rows = rows_for(schema, source, console, strict=strict, na_values=na_values)
        return len(rows), iter([(0, rows)])
    return len(opened), _blocks_of(opened, schema, console, strict=strict, na_values=na_values)


def _blocks_of(
    opened: OpenedRows, schema: Schema, console: Console, *, strict: bool, na_values: str | None
) -> Iterator[tuple[int, Sheet]]:
    start, said = 0, 0
    for block in opened.blocks():
        rows, notes = fitting_rows(schema, opened.named(block, start), strict=strict, na_values=na_values)
        for note in notes[: max(MOST_SAID - said, 0)]:
            console.say(note)
        said += len(notes)
        yield start, rows
        start += len(rows)
    if said > MOST_SAID:
        console.say(f"{said - MOST_SAID} more such remarks were left out.")


def rows_to_audit(
    schema: Schema,
    source: str,
    console: Console,
    options: AuditOptions,
    seed: int,
    *,
    stream: bool | None,
    na_values: str | None,
) -> tuple[Sheet, AuditOptions]:
    """The rows of `source` and how to audit them; of streamed ones as many as are asked for, taken at random."""
    opened = opened_for(schema, source, console, stream=stream)
    if opened is None:
        return rows_for(schema, source, console, na_values=na_values), options
    options.check_data(len(opened), amortised=True)
    count = min(options.rows or MOST_AUDITED, len(opened))
    # Apart from the rows that a fit with this seed holds out.
    taken = opened.take(np.sort(np.random.default_rng([seed, 1]).choice(len(opened), count, replace=False)))
    name = f"{opened.name}, {count} of {len(opened)} rows taken at random"
    rows, notes = fitting_rows(schema, dataclasses.replace(taken, name=name), na_values=na_values)
    console.say(f"Of {len(opened)} streamed rows {count} are audited, taken at random; the errors are of these.")
    for note in notes:
        console.say(note)
    return rows, dataclasses.replace(options, rows=None)


def sheet_for(schema: Schema, source: str, console: Console, *, na_values: str | None = None) -> Sheet:
    """As `rows_for`, but always in columns: in one block whole numbers beside holes would lose their type."""
    if schema.spread is None:
        return rows_for(schema, source, console, na_values=na_values)
    return as_sheet(loaded_for(schema, source)).with_na_values(na_values_in(na_values))


def fitting_rows(
    schema: Schema, rows: Any, *, strict: bool = False, na_values: str | None = None
) -> tuple[Sheet, list[str]]:
    """The rows as those of the fit came, and what to say about their cells.

    Raises DataError where a column is missing or of another type, and with `strict` SupportError for a category that
    the fit did not see, which counts as missing otherwise.
    """
    if schema.spread is not None and na_values is not None:
        raise OptionError("`--na-values` wants a run of a table; this one is of a block of numbers; fit a table.")
    found = fields_like(schema, rows).with_na_values(na_values_in(na_values))
    return found, encode(schema, found, strict=strict).notes


def na_values_in(words: str | None) -> tuple[str, ...]:
    """The values of `--na-values`."""
    return () if words is None else tuple(comma_separated(words))


def say_left_out(schema: Schema, console: Console) -> None:
    """Which columns of the data a run cannot write, because it does not model them."""
    names = [f"`{column.name}`" for column in schema.columns if not column.modelled]
    if names:
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        console.say(f"Not modelled, and left out: {shown}.")


def text_column(sheet: Sheet, name: str) -> np.ndarray:
    """The cells of one column as text, empty where missing."""
    cells: nw.Series = sheet.series[sheet.columns.index(name)]
    return np.array(["" if cell is None else str(cell) for cell in cells.to_list()], dtype=str)


def labels_for(source: str | None, rows: Table | Sheet | OpenedRows) -> np.ndarray | None:
    """One label for each of `rows`, as text: those of `source`, or those that came with the rows.

    `source` may also name a column of a sheet. Raises DataError or ShapeError where it is not one column of as many
    rows.
    """
    if not isinstance(rows, OpenedRows):
        if source is None:
            return rows.labels
        if rows.beside is not None and source in rows.beside.columns:
            return text_column(rows.beside, source)
    elif source is None:
        return None
    labels = _labels_in(source, len(rows))
    if len(labels) != len(rows):
        raise ShapeError(
            f"Wanted one label for each of {len(rows)} rows of `{rows.name}`; `{source}` holds {len(labels)}; "
            "give as many."
        )
    return labels


def _labels_in(source: str, rows: int) -> np.ndarray:
    written = spelled_in(source)
    if written is not None:
        _check_one_column(source, max(map(len, written.lines)))
        cells = [line[0] for line in written.lines]
        # One line more than there are rows can only be the name of the column.
        return np.array(cells[1 if len(cells) == rows + 1 else 0 :], dtype=str)
    found = datasets.load(source, as_column=True)
    if isinstance(found, Sheet):
        _check_one_column(source, len(found.columns))
        return text_column(found, found.columns[0])
    if found.labels is not None:
        return found.labels
    _check_one_column(source, found.features)
    return np.array([f"{value:g}" for value in found.values[:, 0]])


def _check_one_column(source: str, columns: int) -> None:
    if columns != 1:
        raise ShapeError(f"Wanted labels in one column; `{source}` has {columns}; leave out the others.")


def values_given(schema: Schema, words: list[str]) -> dict[str, Any]:
    """Columns and their values, each read by the kind of its column.

    Raises OptionError where there is no table, no such column, or no such value in it.

    >>> age = Column(name="age", kind="count", family="poisson")
    >>> values_given(Schema(columns=(age,)), ["age=40"])
    {'age': 40.0}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise OptionError(f"`--given` wants COLUMN=VALUE; got `{word}`; write it as in `--given age=40`.")
        if name in found:
            raise OptionError(f"`--given` wants each column once; got `{name}` twice; leave one out.")
        found[name] = _value(_column(schema, name), value.strip())
    return found


def _column(schema: Schema, name: str) -> Column:
    known = [column for column in (*schema.columns, *schema.entries) if column.name == name and column.block is None]
    if not known:
        raise OptionError(
            f"`--given` wants a column among {listed(schema.unfolded.modelled)}; got `{name}`; name one of these."
        )
    if not (known[0].modelled or known[0].given):
        raise OptionError(
            f"`--given` wants a column that is modelled, among {listed(schema.modelled)}; got `{name}`, which is "
            f"{known[0].kind}; name one of these."
        )
    return known[0]


def _value(column: Column, word: str) -> Any:
    if kind_of(column).coded:
        for category in column.categories or []:
            if word == str(category) or (isinstance(category, bool) and word.lower() == str(category).lower()):
                return category
        known = ", ".join(str(category) for category in (column.categories or [])[:12])
        more = ", …" if len(column.categories or []) > 12 else ""
        raise OptionError(f"`--given {column.name}` wants one of {known}{more}; got `{word}`; choose one.")
    if kind_of(column).reads == "dates":
        return _date(column, word)
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"`--given {column.name}` wants a number; got `{word}`; write one such as 40 or 1.5.")
    _check_within(column, number)
    return number


def _check_within(column: Column, number: float) -> None:
    kind = kind_of(column)
    if kind.within is not None and not kind.within(column, np.array([number])).all():
        one = kind.values(column).replace("numbers", "number")
        raise OptionError(f"`--given {column.name}` wants a {one}; got `{number:g}`; choose one.")


def _date(column: Column, word: str) -> datetime.date | datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(word)
    except ValueError:
        raise OptionError(
            f"`--given {column.name}` wants a date in ISO form; got `{word}`; write one such as 2020-02-29."
        ) from None
    return moment.date() if column.dtype == "date" else moment
