"""The ledger in a notebook: the identity, and the verdicts that matter most."""

from taut.displays import html_table
from taut.record import Ledger, Verdict
from taut.reporting import statement, words
from taut.reporting.verdicts import FIRST, by_nats, title, worth


def notebook_table(ledger: Ledger) -> str:
    """What is read first of the account, as HTML."""
    lines = [(line.name, line.value, line.status) for line in statement.identity_lines(ledger)]
    first = by_nats(ledger.verdicts)[:FIRST]
    return html_table(
        ["nats a row", "value ± standard error", "status"],
        [*lines, *(_cells(verdict) for verdict in first)],
        title=f"{ledger.title}: {ledger.rows} rows",
        note=f"{statement.incomplete(ledger) or ''} {statement.statement(ledger)}".strip(),
    )


def _cells(verdict: Verdict) -> tuple[str, str, str]:
    return words.SEVERITIES[verdict.severity], title(verdict), " ".join(filter(None, [worth(verdict), verdict.command]))
