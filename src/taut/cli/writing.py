"""`taut score`, `embed`, `reconstruct`, `sample`: a run → a file, one row for each row, in order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taut.cli.places import check_file_place
from taut.cli.voice import Voice
from taut.cli.words import Data, Draws, Json, OutFile, Quiet, RunFolder, Seed

if TYPE_CHECKING:
    import numpy as np

    from taut.auditing import RowResult
    from taut.data import Table
    from taut.estimators import VAE

Number = Annotated[
    int, typer.Option("-n", "--number", metavar="N", help="Rows to draw, a count; must be given.", show_default=False)
]


def score(
    run: RunFolder,
    data: Data,
    out: OutFile,
    draws: Draws = 1000,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write log p(x) of each row of DATA: importance-weighted, in nats, a lower bound in expectation.

    Columns: log_p, std_error, ess (effective number of draws), khat (above 0.67, at 1000 draws, the
    row's value is unreliable).
    """
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    voice = Voice(quiet, as_json)
    vae, table = _opened(run, data, out)
    result = account(vae, table, draws=draws, seed=seed, quiet=quiet)
    write(
        {"log_p": result.log_p, "std_error": result.log_p_error, "ess": result.ess, "khat": result.khat},
        out,
    )
    mean, spread = _mean_and_error(result.log_p)
    voice.show(f"Mean log p(x) over {len(table)} rows, from below: {mean:.3f} ± {spread:.3f} nats")
    _wrote(out, len(table), voice, mean_log_p=mean, std_error=spread, draws=draws, seed=seed)


def embed(run: RunFolder, data: Data, out: OutFile, as_json: Json = False, quiet: Quiet = False) -> None:
    """Write the posterior mean of each row of DATA, in columns z0, z1 and so on."""
    vae, table = _opened(run, data, out)
    latents = vae.transform(table)
    _write_columns(latents, [f"z{number}" for number in range(latents.shape[1])], out, Voice(quiet, as_json))


def reconstruct(run: RunFolder, data: Data, out: OutFile, as_json: Json = False, quiet: Quiet = False) -> None:
    """Write the mean of p(x|z) at the posterior mean of each row of DATA, in the columns of DATA."""
    vae, table = _opened(run, data, out)
    _write_columns(vae.reconstruct(table), table.columns, out, Voice(quiet, as_json))


def sample(
    run: RunFolder, number: Number, out: OutFile, seed: Seed = 0, as_json: Json = False, quiet: Quiet = False
) -> None:
    """Draw new rows from the model, z from the prior and x from p(x|z), and write them in the columns of the data."""
    from taut import estimators  # noqa: PLC0415  heavy, and `--help` is not

    check_file_place(out)
    vae = estimators.load(run)
    _write_columns(vae.sample(number, seed=seed), vae.fitted_.columns, out, Voice(quiet, as_json))


def account(vae: VAE, table: Table, *, draws: int, seed: int, quiet: bool, name: str = "rows") -> RowResult:
    """The account of each row, under a bar."""
    from taut.estimators import audit_bar  # noqa: PLC0415  heavy, and `--help` is not

    with audit_bar(shown=not quiet) as update:
        return vae.account(table, draws=draws, seed=seed, on_block=lambda done: update(name, done, len(table)))


def _mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean and its standard error, NaN where there is none: one row, or a row without any probability."""
    mean = float(values.mean(dtype=float))
    if len(values) < 2 or not math.isfinite(mean):
        return mean, math.nan
    return mean, float(values.std(ddof=1, dtype=float)) / math.sqrt(len(values))


def _opened(run: Path, data: str, out: Path) -> tuple[VAE, Table]:
    from taut import datasets, estimators  # noqa: PLC0415  heavy, and `--help` is not

    check_file_place(out)
    return estimators.load(run), datasets.load(data)


def _write_columns(values: np.ndarray, names: list[str] | None, out: Path, voice: Voice) -> None:
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    write(values, out, names)
    _wrote(out, len(values), voice, columns=values.shape[1])


def _wrote(out: Path, rows: int, voice: Voice, **facts: float | int) -> None:
    voice.say(f"Wrote {rows} rows to `{out}`.")
    voice.give({"out": str(out), "rows": rows, **facts})
