"""`taut score`: a run and rows → log p of each row, in order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from taut.cli.console import Console
from taut.cli.going_on import kept_beside
from taut.cli.output_paths import check_file_place, check_not_data
from taut.cli.parameters import Data, Draws, Json, NaValues, OutFile, OwnParts, Quiet, RunFolder, Seed, Stream
from taut.cli.processes import over_processes
from taut.errors import OptionError

if TYPE_CHECKING:
    from taut.cli.rows import Rows
    from taut.estimators import Fitted

Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuse a category that the fit did not see. Default: such a cell counts as missing, which is said.",
        show_default=False,
    ),
]
Of = Annotated[
    str | None,
    typer.Option(
        "--of",
        metavar="COLUMNS",
        help="Score these columns given the others, names with commas: log p(these | the rest), an estimate without a "
        "direction, as the column log_p. Default: all cells of a row.",
        show_default=False,
    ),
]
PValues = Annotated[
    bool,
    typer.Option(
        "--p-values",
        help="Add a column outlier_p_value: how improbable a row is beside rows that the model simulates, which lack "
        "the same cells. Default: left out.",
        show_default=False,
    ),
]


@over_processes
def score(
    run: RunFolder,
    data: Data,
    out: OutFile,
    draws: Draws = 1000,
    of: Of = None,
    p_values: PValues = False,
    strict: Strict = False,
    stream: Stream = None,
    na_values: NaValues = None,
    parts: OwnParts = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write log p(x) of each row of DATA: importance-weighted, in nats, a lower bound in expectation.

    Columns: log_p (of the cells that are there), std_error, ess (effective number of draws), khat (above 0.67, at 1000
    draws, the row's value is unreliable). With `--of` there is log_p alone. Where it was ended, by Ctrl-C or by a kill,
    the same command goes on.
    """
    if of is not None and p_values:
        raise OptionError("`--p-values` wants log p of whole rows; got `--of` beside it; leave out one of them.")
    from taut.cli.rows import fitted_in, row_blocks  # noqa: PLC0415  heavy, and `--help` is not
    from taut.data import rows_written  # noqa: PLC0415  as above
    from taut.estimators import audit_bar  # noqa: PLC0415  as above

    console = Console(quiet, as_json)
    check_file_place(out)
    check_not_data(data, out)
    fitted = fitted_in(run, parts)
    count, blocks = row_blocks(fitted.schema, data, console, stream=stream, strict=strict, na_values=na_values)
    values = []
    with kept_beside(out), rows_written(out) as append, audit_bar(shown=not quiet) as update:
        for start, rows in blocks:
            if p_values and len(rows) < count:
                raise OptionError("`--p-values` wants rows in memory; these are streamed; leave it out.")
            if of is None:
                done = partial(_done, update, start, count)
                columns = _whole_rows(fitted, rows, draws=draws, seed=seed, on_block=done)
                columns |= _p_values(fitted, rows, columns, console, draws=draws, seed=seed) if p_values else {}
            else:
                columns = {"log_p": _some_cells(fitted, rows, of, draws=draws, seed=seed)}
            append(columns)
            values.append(columns["log_p"])
    mean, spread = _mean_and_error(np.concatenate(values))
    what, side = ("log p(x)", "from below") if of is None else (f"log p({of} | the rest)", "estimated")
    console.show(f"Mean {what} over {count} rows, {side}: {mean:.3f} ± {spread:.3f} nats")
    console.wrote(out, count, of=of, mean_log_p=mean, std_error=spread, draws=draws, seed=seed)


def _done(update: Callable[[str, int, int], None], start: int, count: int, rows: int) -> None:
    update("rows", start + rows, count)


def _some_cells(fitted: Fitted, rows: Rows, of: str, *, draws: int, seed: int) -> np.ndarray:
    """log p of the columns `of` given the others, for each row."""
    from taut.estimators import conditional_log_p  # noqa: PLC0415  heavy, and `--help` is not

    chosen = [name.strip() for name in of.split(",")]
    with warnings.catch_warnings():
        # That a category counts as missing was said when the rows were read.
        warnings.simplefilter("ignore", UserWarning)
        return conditional_log_p(fitted, rows, chosen, draws=draws, seed=seed)


def _whole_rows(
    fitted: Fitted, rows: Rows, *, draws: int, seed: int, on_block: Callable[[int], None]
) -> dict[str, np.ndarray]:
    """log p of the cells of each row and how far to trust it."""
    from taut.estimators import account  # noqa: PLC0415  heavy, and `--help` is not

    result = account(fitted, rows, draws=draws, seed=seed, on_block=on_block)
    return {"log_p": result.log_p, "std_error": result.log_p_error, "ess": result.ess, "khat": result.khat}


def _p_values(
    fitted: Fitted, rows: Rows, scored: dict[str, np.ndarray], console: Console, *, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """The column of outlier p-values; the rows they are relative to are said."""
    from taut.estimators import outlier_p_values  # noqa: PLC0415  heavy, and `--help` is not

    found = outlier_p_values(fitted, rows, scored["log_p"], draws=draws, seed=seed)
    console.say(found.reference)
    return {"outlier_p_value": found.values}


def _mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean and its standard error, NaN where there is none: one row, or a row without any probability."""
    mean = float(values.mean(dtype=float))
    if len(values) < 2 or not math.isfinite(mean):
        return mean, math.nan
    return mean, float(values.std(ddof=1, dtype=float)) / math.sqrt(len(values))
