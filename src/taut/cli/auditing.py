"""`taut audit`: a run and rows → a ledger, a table of rows and a page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taut.cli import clock
from taut.cli.endings import DONE, INTERRUPTED
from taut.cli.places import check_writable
from taut.cli.voice import Voice
from taut.cli.words import Draws, Json, Labels, NaValues, OptionalData, OwnParts, Quiet, RunFolder, Seed
from taut.errors import RunFolderError

if TYPE_CHECKING:
    from taut.auditing import Audit
    from taut.cli.rows import Rows as Found
    from taut.estimators import VAE

AUDIT_FILES = ("ledger.json", "rows.csv", "report.html")
PARTIAL = "audit.partial.npz"

Rows = Annotated[
    int | None,
    typer.Option("--rows", help="Audit this many rows, chosen at random, a count. Default: all.", show_default=False),
]
Delta = Annotated[
    float,
    typer.Option(
        "--delta",
        help="Chance with which the bracket on the mean may fail, both sides together: a probability between 0 and 1.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder for ledger.json, rows.csv and report.html. Default: the run folder.",
        show_default=False,
    ),
]
Width = Annotated[
    float | None,
    typer.Option(
        "--width",
        help="Mean width of the bracket on log p(x) that is wanted, in nats. Default: 0.05, unless --seconds is given.",
        show_default=False,
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        "--seconds",
        help="Wall time that the command may take, in seconds: start, compilation and checks count, and what does not "
        "fit is left out. Whichever of this and --width comes first. Default: no limit.",
        show_default=False,
    ),
]
Bracket = Annotated[
    bool,
    typer.Option(
        "--bracket/--no-bracket",
        help="Measure log p(x) from both sides and the causes of the gap, or only what the encoder's own draws say.",
    ),
]
Train = Annotated[
    str | None,
    typer.Option(
        "--train", metavar="DATA", help="Training rows, to measure generalisation. Default: none.", show_default=False
    ),
]


def audit(
    run: RunFolder,
    data: OptionalData = None,
    rows: Rows = None,
    width: Width = None,
    seconds: Seconds = None,
    delta: Delta = 0.01,
    draws: Draws = 1000,
    seed: Seed = 0,
    bracket: Bracket = True,
    train: Train = None,
    out: Out = None,
    labels: Labels = None,
    na_values: NaValues = None,
    parts: OwnParts = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measure log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) ) and write the account.

    Writes ledger.json, rows.csv and report.html. Ctrl-C writes what is finished; the same command then goes on.
    """
    from taut import estimators  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.labels import labels_for  # noqa: PLC0415  as above
    from taut.cli.rows import rows_for, run_in  # noqa: PLC0415  as above

    voice, loaded = Voice(quiet, as_json), time.monotonic()
    folder = run if out is None else out
    check_writable(folder)
    vae = run_in(run, parts)
    found = vae.held_out_ if data is None else rows_for(vae.schema_, data, voice, na_values=na_values)
    if found is None:
        raise RunFolderError(
            f"Wanted rows to audit; the fit in `{run}` held none out; name some: `taut audit {run} DATA`."
        )
    _say_seen(vae, found, voice)
    with estimators.audit_bar(shown=not quiet) as on_block:
        audited = vae.audit_by_row(
            None if data is None else found,
            draws=draws,
            rows=rows,
            width=width,
            seconds=seconds,
            bracket=bracket,
            train=None if train is None else rows_for(vae.schema_, train, voice, na_values=na_values),
            delta=delta,
            seed=seed,
            labels=labels_for(labels, found),
            checkpoint=folder / PARTIAL,
            on_block=on_block,
            # Writing the page takes about as long as loading the libraries did.
            began=clock.began() - (loaded - clock.began()),
        )
    _say_left_out(audited, voice)
    show_account(audited, write_account(audited, folder), voice)
    if audited.measured.ended != "interrupted":
        return DONE
    voice.say(f"Interrupted after {audited.ledger.rows} rows; the same command goes on from there.")
    return INTERRUPTED


def _say_seen(vae: VAE, found: Found, voice: Voice) -> None:
    seen, rows = vae.rows_seen(found)
    if seen:
        voice.say(
            f"WARNING: {seen} of these {rows} rows were in the training data: every number will flatter the model. "
            "The ledger says so too."
        )


def _say_left_out(audited: Audit, voice: Voice) -> None:
    if audited.ledger.not_measured:
        voice.say("Not measured, because the time was spent: " + "; ".join(audited.ledger.not_measured) + ".")


def write_account(audited: Audit, folder: Path) -> Path:
    """Write ledger.json, rows.csv and report.html; the path of the last."""
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    ledger, table, page = (folder / name for name in AUDIT_FILES)
    audited.ledger.to_json(ledger)
    write(audited.columns(), table)
    audited.ledger.to_html(page)
    return page


def show_account(audited: Audit, page: Path, voice: Voice) -> None:
    """The ledger as the result, and where its page lies."""
    from taut.reporting import rich_table  # noqa: PLC0415  heavy, and `--help` is not

    voice.show(rich_table(audited.ledger))
    voice.show(f"Report: {page}")
    voice.give(audited.ledger.to_json())
