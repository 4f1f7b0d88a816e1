"""`taut explain`: what a verdict, a status, a column or another word of a report means."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Group
from rich.text import Text

from taut.cli.console import Console
from taut.cli.parameters import Json
from taut.record import Entry, WordKind, explained, glossary

KINDS: dict[WordKind, tuple[str, str]] = {
    "verdict": ("verdict", "Verdicts"),
    "status": ("status of a number", "Statuses"),
    "column": ("column of rows.csv", "Columns of rows.csv"),
    "term": ("term", "Terms"),
}

Word = Annotated[
    str | None,
    typer.Argument(
        metavar="[CODE]",
        help="A verdict such as gap-small, a status such as certified-lower, a column of rows.csv such as khat, or a "
        "term such as ELBO. Without it: all words that can be explained.",
        show_default=False,
    ),
]


def explain(code: Word = None, as_json: Json = False) -> None:
    """Say what a verdict, a status, a column of rows.csv or a term of the report means."""
    console = Console(as_json=as_json)
    if code is None:
        console.show(Group(*(_names(kind) for kind in KINDS)))
        console.give({kind: list(entries) for kind, entries in glossary().items()})
        return
    kind, word, entry = explained(code)
    console.show(_entry(kind, word, entry))
    console.give({"kind": kind, "word": word, **msgspec.structs.asdict(entry)})


def _names(kind: WordKind) -> Text:
    return Text.assemble((KINDS[kind][1], "bold"), ": ", ", ".join(glossary()[kind]), ".")


def _entry(kind: WordKind, word: str, entry: Entry) -> Group:
    lines = [Text.assemble((word, "bold"), f" ({KINDS[kind][0]})")]
    if entry.aliases:
        lines.append(Text(f"Also: {', '.join(entry.aliases)}"))
    lines.append(Text(" ".join([entry.title, entry.means] if entry.title else [entry.means])))
    told = (("When", entry.when), ("What to do", entry.do), ("More", f"docs/{entry.see}"))
    return Group(*lines, *(Text.assemble((f"{name}: ", "bold"), said) for name, said in told if said))
