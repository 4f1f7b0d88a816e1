"""The ledger for a terminal: a table with colour, and the same as plain text."""

import io

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from taut.printable import Printable
from taut.record import Ledger, Verdict
from taut.reporting import words
from taut.reporting.columns import column_lines, unlike_lines
from taut.reporting.numbers import LineGroup, number_groups
from taut.reporting.statement import incomplete, statement
from taut.reporting.summary import STYLES
from taut.reporting.tables import check_lines


def rich_table(ledger: Ledger) -> RenderableType:
    """The account for a rich console: heading, numbers, verdicts."""
    return Group(
        _heading(ledger), _numbers(ledger), *(_verdict(verdict) for verdict in words.by_urgency(ledger.verdicts))
    )


def render_text(ledger: Ledger) -> str:
    """The account as plain text, a hundred columns wide, no colour."""
    console = Console(
        file=io.StringIO(),
        width=100,
        height=100,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
        record=False,
    )
    with console.capture() as capture:
        console.print(Printable(rich_table(ledger)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _heading(ledger: Ledger) -> Text:
    kind = "probability" if ledger.discrete else "density"
    table = ledger.table
    if table is not None and table.densities is not None and table.probabilities is not None:
        kind = "densities and probabilities"
    # Text objects, never markup: a title with [brackets] is shown as it is
    heading = Text(ledger.title, style="bold")
    stopped = incomplete(ledger)
    if stopped is not None:
        heading.append(f"\nINCOMPLETE. {stopped}", style="bold red")
    heading.append(f"\n{ledger.rows} rows, {ledger.likelihood} ({kind}), nats per row", style="not bold")
    heading.append(f"\n{statement(ledger)}", style="not bold")
    if table is not None:
        heading.append(f"\n{table.meaning}", style="not bold")
    return heading


def _numbers(ledger: Ledger) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("number")
    table.add_column("value ± standard error", justify="right", no_wrap=True)
    table.add_column("status", overflow="fold")
    for group in [
        *number_groups(ledger),
        LineGroup(heading="Columns", lines=column_lines(ledger)),
        LineGroup(heading="Checks", lines=[*check_lines(ledger), *unlike_lines(ledger)]),
    ]:
        for line in group.lines:
            # an ASCII minus, so that a number can be pasted into a program
            table.add_row(Text(line.name), Text(line.value.replace("\N{MINUS SIGN}", "-")), Text(line.status))
        table.add_section()
    return table


def _verdict(verdict: Verdict) -> Text:
    text = Text(words.SEVERITIES[verdict.severity], style=STYLES[verdict.severity])
    text.append(f": {verdict.text}", style="default not bold")
    if promised := words.promise(verdict):
        text.append(f" {promised}", style="default not bold")
    if verdict.evidence:
        text.append(f" [{verdict.evidence}]", style="dim not bold")
    return text
