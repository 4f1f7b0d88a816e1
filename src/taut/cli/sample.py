"""`taut sample`: a run → new rows in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from taut.cli.console import Console
from taut.cli.output_paths import OF_IMAGES, check_file_place, check_frame_place
from taut.cli.parameters import Json, OutFile, OwnParts, Quiet, RunFolder, Seed

if TYPE_CHECKING:
    from taut.estimators import AbstractUses

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


Mean = Annotated[
    bool,
    typer.Option(
        "--mean",
        help="Of numbers of one kind, such as images: E[x|z] at drawn z, which has no grain. Default: a draw of x.",
        show_default=False,
    ),
]


def sample(
    run: RunFolder,
    number: Number,
    out: OutFile,
    given: Given = None,
    holes: Holes = False,
    mean: Mean = False,
    parts: OwnParts = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw new rows from the model, z from the prior and x from p(x|z), and write them in the columns of the data.

    Images can be written to a .png, side by side.

    With `--given` they are drawn from p(the other columns | these values).
    """
    from taut.cli.rows import run_in, say_left_out, values_given  # noqa: PLC0415  heavy, and `--help` is not

    check_file_place(out, endings=OF_IMAGES)
    console, vae = Console(quiet, as_json), run_in(run, parts)
    check_rows_place(out, vae)
    fixed = values_given(vae.schema_, given or [])
    say_left_out(vae.schema_, console)
    write_rows(vae.sample(number, seed=seed, given=fixed, holes=holes, mean=mean), vae, out, console)


def check_rows_place(out: Path, vae: AbstractUses, *, framed: bool | None = None) -> None:
    """Raise OptionError where rows of this run cannot be written to `out`: as a picture, or, `framed`, as an array."""
    from taut.data import check_picturable  # noqa: PLC0415  heavy, and `--help` is not

    if out.suffix.lower() == ".png":
        check_picturable(vae.schema_)
    elif vae.library_ != "numpy" if framed is None else framed:
        check_frame_place(out)


def write_rows(rows: Any, vae: AbstractUses, out: Path, console: Console) -> None:
    """Rows in the columns of the data, which are those of the model: an array, or a frame; images also as a picture."""
    from taut.data import write_picture  # noqa: PLC0415  heavy, and `--help` is not

    if out.suffix.lower() == ".png":
        write_picture(rows, vae.schema_, out)
        console.wrote(out, len(rows))
        return
    if not hasattr(rows, "dtype"):
        _write_frame(rows, out, console)
        return
    schema = vae.schema_
    write_columns(rows, schema.entry_names if schema.named else None, out, console)


def write_columns(values: np.ndarray, names: list[str] | None, out: Path, console: Console) -> None:
    """An array with the names of its columns."""
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    write(values, out, names)
    console.wrote(out, len(values), columns=values.shape[1])


def _write_frame(frame: Any, out: Path, console: Console) -> None:
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    write(frame, out)
    console.wrote(out, frame.num_rows, columns=frame.num_columns)
