"""`taut score`: a run and rows → log p of each row, in order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from taut.cli.places import check_file_place
from taut.cli.voice import Voice
from taut.cli.words import Data, Draws, Json, OutFile, Quiet, RunFolder, Seed
from taut.cli.writing import wrote

if TYPE_CHECKING:
    from taut.auditing import RowResult
    from taut.cli.rows import Rows
    from taut.estimators import VAE

Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuse a category that the fit did not see. Default: such a cell counts as missing, which is said.",
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


def score(
    run: RunFolder,
    data: Data,
    out: OutFile,
    draws: Draws = 1000,
    p_values: PValues = False,
    strict: Strict = False,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write log p(x) of each row of DATA: importance-weighted, in nats, a lower bound in expectation.

    Columns: log_p (of the cells that are there), std_error, ess (effective number of draws), khat (above 0.67, at 1000
    draws, the row's value is unreliable).
    """
    from taut import estimators  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.rows import rows_for, run_in  # noqa: PLC0415  as above
    from taut.data import write  # noqa: PLC0415  as above
    from taut.estimators.unusual import unusual  # noqa: PLC0415  as above

    voice = Voice(quiet, as_json)
    check_file_place(out)
    vae = run_in(run)
    rows = rows_for(vae, data, voice, strict=strict)
    result = account(vae, rows, draws=draws, seed=seed, quiet=quiet)
    columns = {"log_p": result.log_p, "std_error": result.log_p_error, "ess": result.ess, "khat": result.khat}
    if p_values:
        with estimators.audit_bar(shown=not quiet) as update:
            found = unusual(
                vae.fitted_,
                rows,
                result.log_p,
                draws=draws,
                seed=seed,
                on_block=lambda done, total: update("reference", done, total),
            )
        columns["outlier_p_value"] = found.values
        voice.say(found.reference)
    write(columns, out)
    mean, spread = _mean_and_error(result.log_p)
    voice.show(f"Mean log p(x) over {len(rows)} rows, from below: {mean:.3f} ± {spread:.3f} nats")
    wrote(out, len(rows), voice, mean_log_p=mean, std_error=spread, draws=draws, seed=seed)


def account(vae: VAE, rows: Rows, *, draws: int, seed: int, quiet: bool, name: str = "rows") -> RowResult:
    """The account of each row, under a bar."""
    from taut.estimators import audit_bar  # noqa: PLC0415  heavy, and `--help` is not

    with audit_bar(shown=not quiet) as update:
        return vae.account(rows, draws=draws, seed=seed, on_block=lambda done: update(name, done, len(rows)))


def _mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean and its standard error, NaN where there is none: one row, or a row without any probability."""
    mean = float(values.mean(dtype=float))
    if len(values) < 2 or not math.isfinite(mean):
        return mean, math.nan
    return mean, float(values.std(ddof=1, dtype=float)) / math.sqrt(len(values))
