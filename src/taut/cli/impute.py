"""`taut impute`: a run and rows with holes → the same rows with the holes filled, and how sure that is."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taut.cli.console import Console
from taut.cli.going_on import kept_beside
from taut.cli.output_paths import check_file_place, check_frame_place, check_not_data
from taut.cli.parameters import Data, Json, NaValues, OwnParts, Quiet, RunFolder, Seed, Stream
from taut.cli.processes import over_processes
from taut.errors import OptionError

if TYPE_CHECKING:
    from taut.data import OpenedRows
    from taut.estimators import Fitted

# Cells that are filled at once: each is held as ten numbers.
NUMBERS_AT_ONCE = 2**20
Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="File to write: .csv, .tsv, .txt or .parquet; must be given.", show_default=False
    ),
]
Draws = Annotated[
    int | None,
    typer.Option(
        "--draws",
        help="Multiple imputation: this many random completions, one below the other, told apart by a first column "
        "`imputation` from 1 up; 5 are usual. Default: one best guess for each cell, and no such column.",
        show_default=False,
    ),
]
How = Annotated[
    str,
    typer.Option(
        "--how",
        help="Best guess of a number: its mean, median or mode given the observed cells of the row; of a category the "
        "most probable one in each case.",
    ),
]
Errors = Annotated[
    Path | None,
    typer.Option(
        "--errors",
        metavar="FILE",
        help="Second file to write, .csv or .parquet, with a line for each filled cell: row (counting from 0), column, "
        "value, std_dev, probability, low, high. Default: none.",
        show_default=False,
    ),
]
Level = Annotated[
    float, typer.Option("--level", help="Chance with which low and high hold the hidden value, between 0 and 1.")
]


@over_processes
def impute(
    run: RunFolder,
    data: Data,
    out: Out,
    draws: Draws = None,
    how: How = "mean",
    errors: Errors = None,
    level: Level = 0.9,
    stream: Stream = None,
    na_values: NaValues = None,
    parts: OwnParts = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fill the missing cells of DATA from p(missing | observed) and write its rows and columns as they came.

    Observed cells are not touched: from text to text they keep their spelling. Holes are taken to be missing at random,
    given what is observed. Where it was ended, by Ctrl-C or by a kill, the same command goes on.
    """
    _check_words(data, out, errors, draws, how)
    from taut.cli.filled import Filled, filled_cells  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.rows import fitted_in, opened_for, sheet_for  # noqa: PLC0415  as above
    from taut.data import write  # noqa: PLC0415  as above
    from taut.estimators import impute as fill  # noqa: PLC0415  as above

    console, fitted = Console(quiet, as_json), fitted_in(run, parts)
    asked: dict[str, Any] = {"how": how, "level": level, "seed": seed}
    opened = opened_for(fitted.schema, data, console, stream=stream)
    if opened is not None:
        if draws is not None:
            raise OptionError("`--draws` wants rows in memory, below one another; these are streamed; leave it out.")
        with kept_beside(out):
            _impute_streamed(fitted, opened, out, errors, console, asked)
        return
    sheet = sheet_for(fitted.schema, data, console, na_values=na_values)
    with kept_beside(out):
        found = fill(fitted, sheet, draws=draws or 0, **asked)
        filled = Filled.of(fitted, sheet, data)
        for sentence in filled.remarks():
            console.say(sentence)
        filled.write([found.single] if draws is None else found.multiple, out, numbered=draws is not None)
        if errors is not None:
            write(filled_cells(filled, found), errors)
    if errors is not None:
        console.say(f"Wrote {filled.count} lines to `{errors}`, one for each filled cell.")
    rows = len(sheet) * (draws or 1)
    console.show(f"Filled {filled.count} cells in {filled.rows} of {len(sheet)} rows" + _times(draws))
    console.say(f"Wrote {rows} rows to `{out}`.")
    console.give(
        {"out": str(out), "rows": rows, "filled": filled.count, "columns": filled.by_column, "draws": draws, "how": how}
    )


def _impute_streamed(
    fitted: Fitted, opened: OpenedRows, out: Path, errors: Path | None, console: Console, asked: dict[str, Any]
) -> None:
    """Fill block after block."""
    from taut.cli.filled import Filled, filled_cells  # noqa: PLC0415  heavy, and `--help` is not
    from taut.data import as_sheet, rows_written  # noqa: PLC0415  as above
    from taut.estimators import impute as fill  # noqa: PLC0415  as above

    columns: Counter[str] = Counter()
    start, rows = 0, 0
    with rows_written(out) as append, contextlib.nullcontext() if errors is None else rows_written(errors) as lines:
        for block in opened.blocks(numbers=NUMBERS_AT_ONCE):
            sheet = as_sheet(opened.named(block, start))
            found, filled = fill(fitted, sheet, first=start, **asked), Filled.of(fitted, sheet, "")
            append(found.single)
            if lines is not None:
                lines(filled_cells(filled, found, start))
            columns.update(filled.by_column)
            start, rows = start + len(sheet), rows + filled.rows
    console.show(f"Filled {columns.total()} cells in {rows} of {start} rows.")
    console.say(f"Wrote {start} rows to `{out}`.")
    facts = {"filled": columns.total(), "columns": dict(columns), "draws": None, "how": asked["how"]}
    console.give({"out": str(out), "rows": start} | facts)


def _times(draws: int | None) -> str:
    return "." if draws is None else f", {draws} times."


def _check_words(data: str, out: Path, errors: Path | None, draws: int | None, how: str) -> None:
    check_file_place(out, endings=(".csv", ".tsv", ".txt", ".parquet"))
    if errors is not None:
        check_frame_place(errors)
    check_not_data(data, out, errors)
    if draws is not None and draws < 1:
        raise OptionError(f"`--draws` wants at least 1 completion; got {draws}; 5 are usual.")
    if draws is not None and how != "mean":
        raise OptionError(f"`--how` wants a single imputation; got `{how}` with `--draws`; leave out one of them.")
