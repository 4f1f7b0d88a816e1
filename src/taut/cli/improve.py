"""`taut improve`: a run and its rows → a better run, and a page of what was promised and won."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from taut.cli import began
from taut.cli.console import Console
from taut.cli.exit_codes import DONE, INTERRUPTED
from taut.cli.output_paths import check_run_place
from taut.cli.parameters import DATA_HELP, Force, Json, OwnParts, Quiet, RunFolder, Seed
from taut.errors import OptionError

IMPROVEMENT_FILES = ("improvement.json", "improvement.html")

OwnData = Annotated[
    str | None,
    typer.Argument(
        metavar="[DATA]",
        help=DATA_HELP + " The rows of the fit, those it held out included, and more if there are. Without it: the "
        "bundled data that the run was fitted to.",
        show_default=False,
    ),
]
Seconds = Annotated[
    float, typer.Option("--seconds", metavar="FLOAT", min=1.0, help="Wall time that it may take, in seconds.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="RUN", help="Run folder to write. Default: RUN with `-improved` behind it.", show_default=False
    ),
]


def improve(
    run: RunFolder,
    data: OwnData = None,
    seconds: Seconds = 900.0,
    out: Out = None,
    seed: Seed = 0,
    parts: OwnParts = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Pull the levers that the verdicts name, keep what brackets on held-out rows confirm, and write a new run.

    Levers are tried in the order of the nats that they promise, from the weights of the run where that is possible.
    One half of the rows that the run has not trained on decides, and the other, which no choice has seen, reports.
    Writes improvement.json and improvement.html beside the run. Ctrl-C keeps the best so far.
    """
    folder = run.with_name(f"{run.resolve().name}-improved") if out is None else out
    if folder.resolve() == run.resolve():
        raise OptionError("`--out` wants another folder than RUN; got the same; choose another name.")
    check_run_place(folder, force=force)
    from taut.cli.rows import run_in  # noqa: PLC0415  heavy, and `--help` is not
    from taut.estimators import VAE, improvement_bar, training_data_of  # noqa: PLC0415  as above
    from taut.reporting import improvement_table  # noqa: PLC0415  as above

    console = Console(quiet, as_json)
    vae = run_in(run, parts)
    if not isinstance(vae, VAE):
        raise OptionError(
            f"A run of `taut fit` is wanted; `{run}` holds a {type(vae).__name__}; take `taut.fit_guide` or "
            "`taut.fit_prior` from Python."
        )
    rows = training_data_of(vae.fitted_, data)
    with improvement_bar(seconds, shown=not quiet) as on_stage:
        better = vae.improve(rows, seconds=seconds, seed=seed, on_stage=on_stage, began=began())
    account = better.improvement_
    _write(better, folder)
    console.show(improvement_table(account))
    console.show(f"Page: {folder / IMPROVEMENT_FILES[1]}")
    console.say(f"The run is in `{folder}`; next: taut audit {folder}")
    console.give(account.to_json())
    return INTERRUPTED if account.ended.startswith("Interrupted") else DONE


def _write(better: object, folder: Path) -> None:
    """The run and the account, under another name until all is there."""
    from taut.estimators import VAE  # noqa: PLC0415  heavy, and `--help` is not

    assert isinstance(better, VAE)
    begun = folder.with_name(f".{folder.name}.begun")
    shutil.rmtree(begun, ignore_errors=True)
    better.save(begun)
    better.improvement_.to_json(begun / IMPROVEMENT_FILES[0])
    better.improvement_.to_html(begun / IMPROVEMENT_FILES[1])
    if folder.is_dir():
        shutil.rmtree(folder)
    begun.rename(folder)
