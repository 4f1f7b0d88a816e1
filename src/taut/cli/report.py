"""`taut report`: the accounts in a run folder → their pages, drawn again."""

from __future__ import annotations

from taut.cli.audit import AUDIT_FILES, account_in, show_account
from taut.cli.console import Console
from taut.cli.output_paths import check_writable
from taut.cli.parameters import Json, Quiet, RunFolder, Verbose


def report(run: RunFolder, verbose: Verbose = False, as_json: Json = False, quiet: Quiet = False) -> None:
    """Draw report.html again from ledger.json, and say what stands in it.

    Nothing is measured, and no model is loaded. Next: `taut explain CODE`, for a verdict or another word of the page.
    """
    ledger, page = account_in(run), run / AUDIT_FILES[-1]
    check_writable(run)
    ledger.to_html(page)
    show_account(ledger, page, Console(quiet, as_json), run=run, verbose=verbose)
