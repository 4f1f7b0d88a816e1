"""The account of an improvement as one page, and as text for a terminal."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from taut.printable import Printable
from taut.record import Estimate, Improvement, Interval, Trial, Verdict
from taut.reporting import words
from taut.reporting.page import environment
from taut.reporting.pictures import improvement_picture

LEVERS = "lever", "change", "promised", "won", "log p(x)", ""
NARROW = 100


def render_improvement(account: Improvement) -> str:
    """The account as one self-contained HTML page; the same account gives the same bytes."""
    context = {
        "account": account,
        "statement": statement(account),
        "picture": improvement_picture(account),
        "headings": LEVERS[:-1],
        "trials": [(trial, cells_of(trial)) for trial in account.trials],
        "left": promises_left(account),
        "facts": facts(account),
    }
    return environment().get_template("improvement.html.jinja").render(context)


def improvement_text(account: Improvement) -> str:
    """The account as plain text, a hundred columns wide, no colour."""
    console = Console(file=io.StringIO(), width=NARROW, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(Printable(improvement_table(account)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def improvement_table(account: Improvement) -> RenderableType:
    """The account for a rich console: what was won, and each change that was tried."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in LEVERS:
        table.add_column(heading, overflow="fold")
    for trial in account.trials:
        kept = Text("kept", style="bold green") if trial.kept else Text("")
        table.add_row(*(Text(cell.replace("\N{MINUS SIGN}", "-")) for cell in cells_of(trial)), kept)
    left = [Text(f"Left: {line}") for line in promises_left(account)]
    return Group(Text(statement(account), style="bold"), table, *left, Text(account.ended))


def statement(account: Improvement) -> str:
    """What was won, in a sentence."""
    if not any(trial.kept for trial in account.trials):
        return "No change won beyond its error: the run stays as it was."
    difference, rows = account.difference, account.rows.get("report", 0)
    if difference is None:
        return (
            "Changes were kept. The rows that no choice has seen were not measured, so that what they won is unknown."
        )
    about = f"On {rows} rows that no choice has seen, mean log p(x)"
    if difference.upper is None:
        return f"{about} rose by {words.number(difference.lower)} nats a row (lower bounds on both sides)."
    elbo = account.elbo_difference
    if difference.lower.status == "exact":
        return (
            f"The model is the same. On {rows} rows that no choice has seen, the ELBO rose by "
            f"{words.number(elbo)} nats a row."
        )
    moved = "rose" if difference.lower.value > 0 else "fell" if difference.upper.value < 0 else "changed"
    return (
        f"{about} {moved} by {_between(difference)} nats a row (standard error over rows "
        f"{words.plain(difference.lower.std_error)}), and the ELBO by {words.number(elbo)}."
    )


def _between(interval: Interval) -> str:
    if interval.upper is None:
        return f"about {words.number(interval.lower)}"
    lower, upper = interval.lower.value, interval.upper.value
    low, high = sorted((lower, upper), key=abs) if lower * upper > 0 else (lower, upper)
    sign = abs if lower * upper > 0 else float
    return f"{words.fixed(sign(low), 2)} to {words.fixed(sign(high), 2)}"


def cells_of(trial: Trial) -> tuple[str, str, str, str, str]:
    """A trial in a row: its lever and change, what was promised and won, and log p(x) with it minus without."""
    return (
        trial.lever or "",
        trial.change,
        _signed(trial.promise, "not known"),
        _signed(trial.won, "not measured"),
        "not measured" if trial.evidence is None else _ends(trial.evidence),
    )


def _signed(estimate: Estimate | None, nothing: str) -> str:
    if estimate is None:
        return nothing
    return ("+" if estimate.value > 0 else "") + words.number(estimate)


def _ends(interval: Interval) -> str:
    if interval.lower.status == "exact":
        return "the same"
    ends = [interval.lower, interval.upper] if interval.upper is not None else [interval.lower]
    return " to ".join(("+" if end.value > 0 else "") + words.fixed(end.value, 2) for end in ends)


def promises_left(account: Improvement) -> list[str]:
    """What the new model's own verdicts still promise, the largest first."""

    def size(verdict: Verdict) -> float:
        return 0.0 if verdict.promise is None else -verdict.promise.value

    return [words.promise(verdict) for verdict in sorted(account.left, key=size) if verdict.promise is not None]


def facts(account: Improvement) -> list[tuple[str, str]]:
    """How the search went."""
    rows = account.rows
    return [
        ("Rows that trained", str(rows.get("train", 0))),
        ("Rows that chose", str(rows.get("selection", 0))),
        ("Rows that report", str(rows.get("report", 0))),
        ("Time", f"{account.seconds:.0f} s"),
        ("Seed", str(account.seed)),
        ("taut", account.taut),
    ]
