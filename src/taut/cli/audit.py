"""`taut audit`: a run and rows → a ledger, a table of rows and a page."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taut.auditing import AuditOptions
from taut.cli import began
from taut.cli.console import Console
from taut.cli.exit_codes import DONE, INTERRUPTED
from taut.cli.output_paths import check_writable
from taut.cli.parameters import (
    Json,
    Labels,
    NaValues,
    OptionalData,
    OwnParts,
    Quiet,
    RunFolder,
    Seed,
    Stream,
    Verbose,
    with_options,
)
from taut.cli.processes import over_processes
from taut.errors import RunFolderError

if TYPE_CHECKING:
    from taut.auditing import Audit
    from taut.cli.rows import Rows as Found
    from taut.estimators import AbstractUses
    from taut.record import Ledger

AUDIT_FILES = ("ledger.json", "rows.csv", "report.html")
PARTIAL = "audit.partial"

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Folder for ledger.json, rows.csv and report.html. Default: the run folder.",
        show_default=False,
    ),
]


@over_processes
@with_options(AuditOptions)
def audit(
    run: RunFolder,
    options: AuditOptions,
    data: OptionalData = None,
    seed: Seed = 0,
    out: Out = None,
    labels: Labels = None,
    stream: Stream = None,
    na_values: NaValues = None,
    parts: OwnParts = None,
    verbose: Verbose = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measure log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) ) and write the account.

    Writes ledger.json, rows.csv and report.html. Ctrl-C writes what is finished; the same command then goes on.
    """
    from taut import estimators  # noqa: PLC0415  heavy, and `--help` is not
    from taut.cli.rows import labels_for, rows_for, rows_to_audit, run_in  # noqa: PLC0415  as above

    console, loaded = Console(quiet, as_json), time.monotonic()
    folder = run if out is None else out
    check_writable(folder)
    vae = run_in(run, parts)
    if data is None:
        found = vae.held_out_
    else:
        found, options = rows_to_audit(vae.schema_, data, console, options, seed, stream=stream, na_values=na_values)
    if found is None:
        raise RunFolderError(
            f"Wanted rows to audit; the fit in `{run}` held none out; name some: `taut audit {run} DATA`."
        )
    _say_seen(vae, found, console)
    if options.train is not None:
        train = rows_for(vae.schema_, options.train, console, na_values=na_values)
        options = dataclasses.replace(options, train=train)
    with estimators.audit_bar(shown=not quiet) as on_block:
        audited = vae.audit_by_row(
            None if data is None else found,
            **options.values(),
            seed=seed,
            labels=labels_for(labels, found),
            checkpoint=folder / PARTIAL,
            on_block=on_block,
            # Writing the page takes about as long as loading the libraries did.
            began=began() - (loaded - began()),
        )
    _say_left_out(audited, console)
    page = write_account(audited, folder)
    show_account(audited.ledger, page, console, run=run, verbose=verbose)
    if audited.measured.ended != "interrupted":
        return DONE
    console.say(f"Interrupted after {audited.ledger.rows} rows; the same command goes on from there.")
    return INTERRUPTED


def _say_seen(vae: AbstractUses, found: Found, console: Console) -> None:
    seen, rows = vae.rows_seen(found)
    if seen:
        console.say(
            f"WARNING: {seen} of these {rows} rows were in the training data: every number will flatter the model. "
            "The ledger says so too."
        )


def _say_left_out(audited: Audit, console: Console) -> None:
    if audited.ledger.not_measured:
        console.say("Not measured, because the time was spent: " + "; ".join(audited.ledger.not_measured) + ".")


def write_account(audited: Audit, folder: Path) -> Path:
    """Write ledger.json, rows.csv and report.html; the path of the last."""
    from taut.data import write  # noqa: PLC0415  heavy, and `--help` is not

    ledger, table, page = (folder / name for name in AUDIT_FILES)
    audited.ledger.to_json(ledger)
    write(audited.columns(), table)
    audited.ledger.to_html(page)
    return page


def account_in(path: Path) -> Ledger:
    """The account in a run folder, or in a file. Raises RunFolderError where the run was not audited."""
    from taut.record import Ledger  # noqa: PLC0415  light, but `--help` is lighter

    account = path if path.is_file() else path / AUDIT_FILES[0]
    if not account.is_file():
        raise RunFolderError(
            f"Wanted `{account.name}` in `{path}`; there is none; audit the run first: `taut audit {path}`."
        )
    return Ledger.from_json(account)


def show_account(ledger: Ledger, page: Path, console: Console, *, run: Path, verbose: bool) -> None:
    """The ledger as the result, on one screen or whole, and where its page lies."""
    from taut.reporting import rich_summary, rich_table  # noqa: PLC0415  heavy, and `--help` is not

    console.show(rich_table(ledger) if verbose else rich_summary(ledger, run=str(run)))
    console.show(f"Report: {page}")
    console.give(ledger.to_json())
