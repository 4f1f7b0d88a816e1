"""The words that several commands share, each with its help."""

from pathlib import Path
from typing import Annotated

import typer

DATA_HELP = (
    "Rows: a bundled name (penguins, digits, digits:train, digits:held-out), a table (.csv, .tsv, .txt, .parquet), "
    ".npy, .npz[:key], .idx[.gz], or a folder of images."
)

Data = Annotated[str, typer.Argument(metavar="DATA", help=DATA_HELP, show_default=False)]
OptionalData = Annotated[
    str | None,
    typer.Argument(
        metavar="[DATA]", help=DATA_HELP + " Without it: the rows that the fit held out.", show_default=False
    ),
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run folder that `taut fit` wrote.", show_default=False)
]
OutFile = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="File to write: .csv, .parquet, .npy or .npz; must be given.", show_default=False
    ),
]
Draws = Annotated[
    int,
    typer.Option("--draws", help="Latents drawn for each row, a count; more is a tighter bound and takes longer."),
]
Seed = Annotated[
    int,
    typer.Option("--seed", min=0, help="Seed of all randomness, a whole number; the same seed gives the same output."),
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels",
        metavar="DATA",
        help="One label for each row, used in pictures only: the name of a column of the table, a .csv of one column, "
        "or any DATA with one column. "
        "Default: those that come with the data, if any.",
        show_default=False,
    ),
]
SchemaFile = Annotated[
    Path | None,
    typer.Option(
        "--schema",
        metavar="FILE",
        help="What is known of columns, a file of YAML as `taut schema --out` writes it. Default: kinds are inferred.",
        show_default=False,
    ),
]
NaValues = Annotated[
    str | None,
    typer.Option(
        "--na-values",
        metavar="VALUES",
        help="Cells of a table that mean missing, text or numbers with commas, as in -999,missing; beside those that "
        "the run was fitted with. Default: none but the usual ones, such as NA.",
        show_default=False,
    ),
]
OwnParts = Annotated[
    str | None,
    typer.Option(
        "--parts",
        metavar="MODULE:FUNCTION",
        help="What builds the parts of a run that was fitted with its own, since a run folder holds no code: a "
        "function in a module of the current folder, or in an installed one. Default: the run has none.",
        show_default=False,
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace the run folder if there is one. Default: refuse.", show_default=False)
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object to standard output and nothing else there. Default: words.",
        show_default=False,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", help="No progress and no remarks on standard error. Default: both.", show_default=False),
]


def marked(words: str | None) -> tuple[str, ...]:
    """The values of `--na-values`.

    >>> marked("-999, missing"), marked(None)
    (('-999', 'missing'), ())
    """
    return () if words is None else tuple(word.strip() for word in words.split(","))
