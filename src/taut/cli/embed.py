"""`taut embed` and `taut reconstruct`: a run and rows → their latents, or what comes back from these."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taut.cli.console import Console
from taut.cli.output_paths import ENDINGS, OF_IMAGES, check_file_place, check_not_data
from taut.cli.parameters import Data, Json, NaValues, OutFile, OwnParts, Quiet, RunFolder, Stream
from taut.cli.processes import over_processes
from taut.cli.sample import check_rows_place, write_rows


@over_processes
def embed(
    run: RunFolder,
    data: Data,
    out: OutFile,
    stream: Stream = None,
    na_values: NaValues = None,
    parts: OwnParts = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the posterior mean of each row of DATA, in columns z0, z1 and so on.

    Of cells in .h5ad to an .h5ad: a copy with these in obsm["X_taut"] and log p(x) in obs["taut_log_p"].
    """
    from taut.cli.rows import fitted_in, row_blocks, rows_for  # noqa: PLC0415  heavy, and `--help` is not
    from taut.data import rows_written  # noqa: PLC0415  as above
    from taut.estimators import encode, log_p  # noqa: PLC0415  as above

    of_cells = ".h5ad" in data.lower() and out.suffix.lower() == ".h5ad"
    check_file_place(out, endings=(".h5ad",) if of_cells else ENDINGS)
    check_not_data(data, out)
    console, fitted = Console(quiet, as_json), fitted_in(run, parts)
    if of_cells:
        rows = rows_for(fitted.schema, data, console, na_values=na_values)
        _write_copy(data, out, np.asarray(encode(fitted, rows).latent), log_p(fitted, rows), console)
        return
    count, blocks = row_blocks(fitted.schema, data, console, stream=stream, na_values=na_values)
    latents = fitted.architecture.latents
    with rows_written(out, [f"z{number}" for number in range(latents)]) as append:
        for _, block in blocks:
            append(np.asarray(encode(fitted, block).latent))
    console.wrote(out, count, columns=latents)


@over_processes
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

    Of a table's categories the most probable one is written. Images can be written to a .png, side by side.
    """
    from taut.cli.rows import rows_for, run_in, say_left_out  # noqa: PLC0415  heavy, and `--help` is not

    check_file_place(out, endings=OF_IMAGES)
    check_not_data(data, out)
    console, vae = Console(quiet, as_json), run_in(run, parts)
    rows = rows_for(vae.schema_, data, console, na_values=na_values)
    check_rows_place(out, vae, framed=not rows.is_array)
    say_left_out(vae.schema_, console)
    write_rows(vae.reconstruct(rows), vae, out, console)


def _write_copy(data: str, out: Path, latents: np.ndarray, log_p: np.ndarray, console: Console) -> None:
    from taut.data import write_cells  # noqa: PLC0415  heavy, and `--help` is not

    end = data.lower().index(".h5ad") + len(".h5ad")
    write_cells(Path(data[:end]), out, obsm={"X_taut": latents}, obs={"taut_log_p": log_p})
    console.wrote(out, len(latents), columns=latents.shape[1])
