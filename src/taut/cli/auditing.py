"""`taut audit`: a run and rows → a ledger, a table of rows and a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taut.cli.places import check_writable
from taut.cli.voice import Voice
from taut.cli.words import Draws, Json, Labels, OptionalData, Quiet, RunFolder, Seed
from taut.errors import RunFolderError

if TYPE_CHECKING:
    from taut.auditing import Audit

AUDIT_FILES = ("ledger.json", "rows.csv", "report.html")

Rows = Annotated[
    int | None,
    typer.Option("--rows", help="Audit this many rows, chosen at random, a count. Default: all.", show_default=False),
]
Delta = Annotated[
    float,
    typer.Option(
        "--delta", help="Chance with which the certified lower bound may fail, a probability between 0 and 1."
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
AllowSeen = Annotated[
    bool,
    typer.Option(
        "--allow-seen",
        help="Audit rows that the fit has seen, and say so in the ledger. Default: refuse.",
        show_default=False,
    ),
]


def audit(
    run: RunFolder,
    data: OptionalData = None,
    rows: Rows = None,
    delta: Delta = 0.01,
    draws: Draws = 1000,
    seed: Seed = 0,
    out: Out = None,
    labels: Labels = None,
    allow_seen: AllowSeen = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) ) and write the account.

    Writes ledger.json, rows.csv and report.html.
    """
    from taut import datasets, estimators  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.labels import labels_for  # noqa: PLC0415  as above

    voice = Voice(quiet, as_json)
    folder = run if out is None else out
    check_writable(folder)
    vae = estimators.load(run)
    table = vae.held_out_ if data is None else datasets.load(data)
    if table is None:
        raise RunFolderError(
            f"Wanted rows to audit; the fit in `{run}` held none out; name some: `taut audit {run} DATA`."
        )
    with estimators.audit_bar(shown=not quiet) as on_block:
        audited = vae.audit_by_row(
            None if data is None else table,
            draws=draws,
            rows=rows,
            delta=delta,
            seed=seed,
            labels=labels_for(labels, table),
            allow_seen=allow_seen,
            on_block=on_block,
        )
    show_account(audited, write_account(audited, folder), voice)


def write_account(audited: Audit, folder: Path) -> Path:
    """Write ledger.json, rows.csv and report.html; the path of the last."""
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    ledger, table, page = (folder / name for name in AUDIT_FILES)
    rows = audited.rows
    audited.ledger.to_json(ledger)
    write(
        {
            "row": audited.numbers,
            "elbo": rows.elbo,
            "importance": rows.log_p,
            "std_error": rows.log_p_error,
            "khat": rows.khat,
            "ess": rows.ess,
        },
        table,
    )
    audited.ledger.to_html(page)
    return page


def show_account(audited: Audit, page: Path, voice: Voice) -> None:
    """The ledger as the result, and where its page lies."""
    from taut.reporting import rich_table  # noqa: PLC0415  heavy, and `--help` is not

    voice.show(rich_table(audited.ledger))
    voice.show(f"Report: {page}")
    voice.give(audited.ledger.to_json())
