"""`taut report`: the accounts in a run folder → their pages, drawn again."""

from __future__ import annotations

from taut.cli.audit import AUDIT_FILES, show_account
from taut.cli.console import Console
from taut.cli.output_paths import check_writable
from taut.cli.parameters import Json, Quiet, RunFolder, Verbose
from taut.errors import RunFolderError


def report(run: RunFolder, verbose: Verbose = False, as_json: Json = False, quiet: Quiet = False) -> None:
    """Draw report.html again from ledger.json, and say what stands in it.

    Nothing is measured, and no model is loaded. Next: `taut explain CODE`, for a verdict or another word of the page.
    """
    from taut.record import Ledger  # noqa: PLC0415  light, but `--help` is lighter

    account, _, name = AUDIT_FILES
    if not (run / account).is_file():
        raise RunFolderError(f"Wanted `{account}` in `{run}`; there is none; audit the run first: `taut audit {run}`.")
    ledger = Ledger.from_json(run / account)
    check_writable(run)
    page = run / name
    ledger.to_html(page)
    show_account(ledger, page, Console(quiet, as_json), run=run, verbose=verbose)
