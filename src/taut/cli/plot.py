"""`taut plot`: a run, and rows where the picture is of rows → a figure for a paper or for slides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taut.cli.audit import account_in
from taut.cli.console import Console
from taut.cli.output_paths import check_file_place, check_not_data
from taut.cli.parameters import Json, Labels, NaValues, OwnParts, Quiet, Seed
from taut.errors import OptionError

if TYPE_CHECKING:
    from taut.reporting import Picture

# What is drawn from the run itself and from rows; all other pictures are drawn from an account.
OF_ROWS = ("latent_map", "reconstructions")
OF_A_RUN = ("training", "samples", *OF_ROWS)

Source = Annotated[
    Path,
    typer.Argument(
        metavar="RUN", help="A run folder that `taut fit` wrote, or a ledger.json of `taut audit`.", show_default=False
    ),
]
What = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="identity, waterfall, rows, brackets, walks, rate-distortion, calibration, latents, columns, "
        "column-calibration or dependence of an audited run; training, latent-map, reconstructions or samples of any.",
        show_default=False,
    ),
]
Rows = Annotated[
    str | None,
    typer.Argument(
        metavar="[DATA]",
        help="Rows of latent-map and reconstructions. Without it: those that the fit held out.",
        show_default=False,
    ),
]
Figure = Annotated[
    Path,
    typer.Option("--out", metavar="FILE", help="File to write: .pdf, .png or .svg; must be given.", show_default=False),
]


def plot(
    run: Source,
    what: What,
    out: Figure,
    data: Rows = None,
    labels: Labels = None,
    seed: Seed = 0,
    na_values: NaValues = None,
    parts: OwnParts = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw one picture of the page, or of rows of one's own, as a file for a paper or for slides."""
    from taut.reporting import FORMATS, PICTURES, picture_of  # noqa: PLC0415  heavy, and `--help` is not

    check_file_place(out, endings=FORMATS)
    check_not_data(str(run), out)
    name, console = what.replace("-", "_"), Console(quiet, as_json)
    if name not in PICTURES:
        known = ", ".join(PICTURES).replace("_", "-")
        raise OptionError(f"Wanted a picture that is one of {known}; got `{what}`; choose one of these.")
    if data is not None and (name not in OF_ROWS or run.is_file()):
        raise OptionError(f"Only latent-map and reconstructions of a run take DATA; got `{data}`; leave it out.")
    if name in OF_A_RUN and not run.is_file():
        picture = _of_run(run, name, data, console, labels=labels, seed=seed, na_values=na_values, parts=parts)
    else:
        picture = picture_of(account_in(run), name)
    picture.save(out)
    console.say(f"Wrote `{out}`. It shows: {picture.alt}")
    console.give({"out": str(out), "shows": picture.alt})


def _of_run(
    run: Path,
    name: str,
    data: str | None,
    console: Console,
    *,
    labels: str | None,
    seed: int,
    na_values: str | None,
    parts: str | None,
) -> Picture:
    from taut.cli.rows import labels_for, rows_for, run_in  # noqa: PLC0415  heavy, and `--help` is not

    vae = run_in(run, parts)
    rows = vae.held_out_ if data is None else rows_for(vae.schema_, data, console, na_values=na_values)
    if name == "training":
        return vae.plot.training_picture()
    if name == "samples":
        return vae.plot.samples_picture(seed=seed)
    if name == "reconstructions":
        return vae.plot.reconstructions_picture(rows)
    return vae.plot.latent_map_picture(rows, None if rows is None else labels_for(labels, rows))
