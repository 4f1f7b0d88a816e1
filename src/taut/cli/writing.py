"""`taut embed`, `reconstruct`, `sample`: a run → a file, one row for each row, in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from taut.cli.places import ENDINGS, check_file_place, check_frame_place, check_not_data
from taut.cli.voice import Voice
from taut.cli.words import Data, Json, NaValues, OutFile, OwnParts, Quiet, RunFolder, Seed

if TYPE_CHECKING:
    from taut.estimators import VAE

Number = Annotated[
    int, typer.Option("-n", "--number", metavar="N", help="Rows to draw, a count; must be given.", show_default=False)
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--given",
        metavar="COLUMN=VALUE",
        help="Draw rows in which this column of a table has this value; may be repeated. Default: nothing is given.",
        show_default=False,
    ),
]
Holes = Annotated[
    bool,
    typer.Option(
        "--holes",
        help="Empty cells as in the rows that the run was trained on, whole rows of holes drawn at random. "
        "Default: every cell is there.",
        show_default=False,
    ),
]


def embed(
    run: RunFolder,
    data: Data,
    out: OutFile,
    na_values: NaValues = None,
    parts: OwnParts = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the posterior mean of each row of DATA, in columns z0, z1 and so on.

    Of cells in .h5ad to an .h5ad: a copy with these in obsm["X_taut"] and log p(x) in obs["taut_log_p"].
    """
    from taut.cli.rows import fitted_in, rows_for  # noqa: PLC0415  heavy, and `--help` is not
    from taut.estimators import evaluation, scoring  # noqa: PLC0415  as above

    of_cells = ".h5ad" in data.lower() and out.suffix.lower() == ".h5ad"
    check_file_place(out, endings=(".h5ad",) if of_cells else ENDINGS)
    check_not_data(data, out)
    voice, fitted = Voice(quiet, as_json), fitted_in(run, parts)
    rows = rows_for(fitted.schema, data, voice, na_values=na_values)
    latents = np.asarray(evaluation.encode(fitted, rows).latent)
    if of_cells:
        _write_copy(data, out, latents, scoring.log_p(fitted, rows), voice)
        return
    _write_columns(latents, [f"z{number}" for number in range(latents.shape[1])], out, voice)


def reconstruct(
    run: RunFolder,
    data: Data,
    out: OutFile,
    na_values: NaValues = None,
    parts: OwnParts = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the mean of p(x|z) at the posterior mean of each row of DATA, in the columns of DATA.

    Of a table's categories the most probable one is written.
    """
    from taut.cli.rows import is_array, rows_for, run_in, say_left_out  # noqa: PLC0415  heavy, and `--help` is not

    check_file_place(out)
    check_not_data(data, out)
    voice, vae = Voice(quiet, as_json), run_in(run, parts)
    rows = rows_for(vae.schema_, data, voice, na_values=na_values)
    if not is_array(rows):
        check_frame_place(out)
    say_left_out(vae.schema_, voice)
    _write(vae.reconstruct(rows), vae, out, voice)


def sample(
    run: RunFolder,
    number: Number,
    out: OutFile,
    given: Given = None,
    holes: Holes = False,
    parts: OwnParts = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw new rows from the model, z from the prior and x from p(x|z), and write them in the columns of the data.

    With `--given` they are drawn from p(the other columns | these values).
    """
    from taut.cli.given import values_given  # noqa: PLC0415  as above
    from taut.cli.rows import run_in, say_left_out  # noqa: PLC0415  as above

    check_file_place(out)
    voice, vae = Voice(quiet, as_json), run_in(run, parts)
    wishes = values_given(vae.schema_, given or [])
    if vae.library_ != "numpy":
        check_frame_place(out)
    say_left_out(vae.schema_, voice)
    _write(vae.sample(number, seed=seed, given=wishes, holes=holes), vae, out, voice)


def wrote(out: Path, rows: int, voice: Voice, **facts: Any) -> None:
    """What was written, in words or as JSON."""
    voice.say(f"Wrote {rows} rows to `{out}`.")
    voice.give({"out": str(out), "rows": rows, **facts})


def _write_copy(data: str, out: Path, latents: np.ndarray, log_p: np.ndarray, voice: Voice) -> None:
    from taut.data import write_cells  # noqa: PLC0415  heavy, and `--help` is not

    end = data.lower().index(".h5ad") + len(".h5ad")
    write_cells(Path(data[:end]), out, obsm={"X_taut": latents}, obs={"taut_log_p": log_p})
    wrote(out, len(latents), voice, columns=latents.shape[1])


def _write(rows: Any, vae: VAE, out: Path, voice: Voice) -> None:
    """Rows in the columns of the data, which are those of the model: an array, or a frame."""
    if not hasattr(rows, "dtype"):
        _write_frame(rows, out, voice)
        return
    schema = vae.schema_
    _write_columns(rows, schema.entry_names if schema.named else None, out, voice)


def _write_columns(values: np.ndarray, names: list[str] | None, out: Path, voice: Voice) -> None:
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    write(values, out, names)
    wrote(out, len(values), voice, columns=values.shape[1])


def _write_frame(frame: Any, out: Path, voice: Voice) -> None:
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    write(frame, out)
    wrote(out, frame.num_rows, voice, columns=frame.num_columns)
