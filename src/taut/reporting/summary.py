"""The account on one screen of a terminal: the identity, the verdicts that are read first, and where the rest is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from taut.printable import plural
from taut.record import Estimate, Ledger, Severity, Verdict
from taut.reporting import words
from taut.reporting.statement import incomplete
from taut.reporting.verdicts import FIRST, by_nats, title, worth

STYLES: dict[Severity, str] = {"problem": "bold red", "warning": "yellow", "note": "cyan", "good": "green"}


def rich_summary(ledger: Ledger, *, run: str = "RUN") -> RenderableType:
    """At most 22 lines of 80 columns; `run` is the folder that commands name."""
    first = by_nats(ledger.verdicts)[:FIRST]
    return Group(*_heading(ledger), "", _identity(ledger), "", _verdicts(first, run), *_rest(ledger, first))


def _heading(ledger: Ledger) -> Iterator[Text]:
    # Text objects, never markup: a title with [brackets] is shown as it is
    heading = Text(ledger.title, style="bold", overflow="ellipsis", no_wrap=True)
    rows = "1 row" if ledger.rows == 1 else f"{ledger.rows} rows"
    heading.append(f": {rows}, {ledger.likelihood}, means in nats a row", style="not bold")
    yield heading
    if (stopped := incomplete(ledger)) is not None:
        yield Text(f"INCOMPLETE. {stopped}", style="bold red")


def _identity(ledger: Ledger) -> Table:
    evidence, gap = ledger.evidence, ledger.gap.inference
    fine = words.decimals_between(evidence.lower, evidence.upper)
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "right", "left", "left"):
        table.add_column(justify=justify)
    terms = (
        ("log p(x)", evidence.lower, evidence.upper, "how probable the model finds a row"),
        ("= ELBO", ledger.elbo, None, "what training climbs"),
        ("+ KL", gap.lower, gap.upper, "how far q is from the posterior"),
    )
    for name, lower, upper, meaning in terms:
        least = fine if lower is evidence.lower else 0
        below = words.kl_from_below(gap) if lower is gap.lower else _words_of(lower, least)
        table.add_row(Text(name, style="bold"), *_cells(*below), Text(meaning))
        if upper is not None and not words.is_exact(ledger):
            table.add_row("", *_cells(*_words_of(upper, least)))
    return table


def _words_of(estimate: Estimate, least: int) -> tuple[str, str, str]:
    return words.relation(estimate), words.value_of(estimate, least), words.mark(estimate)


def _cells(sign: str, value: str, status: str) -> tuple[Text, Text, Text]:
    return Text(sign), Text(value), Text(status, style="dim")


def _verdicts(verdicts: list[Verdict], run: str) -> Table:
    table = Table.grid(padding=(0, 2))
    for verdict in verdicts:
        said = Text.assemble(title(verdict), (f" [{verdict.code}]", "dim"))
        typed = [(command(verdict.command, run), "bold")] if verdict.command else []
        if under := [*typed, *([worth(verdict)] if worth(verdict) else [])]:
            said.append("\n").append_text(Text("  ").join(Text.assemble(each) for each in under))
        table.add_row(Text(words.SEVERITIES[verdict.severity], style=STYLES[verdict.severity]), said)
    return table


def command(text: str, run: str) -> str:
    """What to type, with the folder of the run in its place.

    >>> command("taut audit RUN DATA", "runs/a")
    'taut audit runs/a DATA'
    """
    return " ".join(shlex.quote(run) if word == "RUN" else word for word in text.split(" "))


def _rest(ledger: Ledger, first: list[Verdict]) -> Iterator[Text]:
    if any(verdict.command and "…" in verdict.command for verdict in first):
        yield Text("… stands for the data and the options that the run was fitted with.", style="dim")
    if first:
        yield Text(f"What a verdict means: taut explain {first[0].code}", style="dim")
    more = len(ledger.verdicts) - len(first)
    others = f"{plural(more, 'more verdict')} and all numbers" if more else "All numbers"
    yield Text(f"{others}: --verbose", style="dim")
