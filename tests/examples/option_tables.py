"""What pages say from data: tables of options, the glossary; `python -m tests.examples.option_tables` writes them."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from taut.auditing import AuditOptions
from taut.estimators import ImputerConfig, OutlierConfig, VAEConfig
from taut.options import AbstractOptions, options_of, shown_default
from taut.record import Entry, WordKind, glossary

DOCS = Path(__file__).parents[2] / "docs"


def markdown_table(
    record: type[AbstractOptions], *, without: Collection[str] = (), defaults: Mapping[str, Any] | None = None
) -> str:
    """The options as a table of the docs; `defaults` are those of a command where they are not those of the record."""
    lines = ["| option | default | in Python | meaning | values |", "|---|---|---|---|---|"]
    for name, each in options_of(record).items():
        if name in without:
            continue
        default = (defaults or {}).get(name, each.default)
        shown = shown_default(default, each.none)
        cells = (
            f"`{each.flag}`" if each.on_command_line else "",
            f"`{shown}`" if isinstance(default, str | tuple) else shown,
            f"`{name}`",
            each.help,
            each.accepted,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def entries(kind: WordKind) -> str:
    """Each word of this kind under a heading of its own, so that it can be linked to."""
    return "\n\n".join(_entry(word, entry) for word, entry in glossary()[kind].items())


def _entry(word: str, entry: Entry) -> str:
    also = f" Also: {', '.join(entry.aliases)}." if entry.aliases else ""
    told = [f"**{entry.title}** {entry.means}" if entry.title else entry.means]
    told += [f"*When:* {entry.when}"] if entry.when else []
    told += [f"*What to do:* {entry.do}"] if entry.do else []
    told[-1] += f"{also} [More]({entry.see})"
    return "\n\n".join([f"### {word}", *told])


TABLES = {
    ("command-line.md", "fit"): markdown_table(VAEConfig, defaults={"random_state": 0}),
    ("command-line.md", "audit"): markdown_table(AuditOptions),
    ("command-line.md", "compare"): markdown_table(AuditOptions, without=("train",)),
    **{("glossary.md", kind): entries(kind) for kind in glossary()},
    ("tables.md", "imputer"): markdown_table(ImputerConfig, without=options_of(VAEConfig)),
    ("tables.md", "outliers"): markdown_table(OutlierConfig, without=options_of(VAEConfig)),
}


def with_table(page: str, name: str, table: str) -> str:
    """The page with this table between the marks of its name."""
    begin, end = f"<!-- options: {name} -->", "<!-- end of options -->"
    assert page.count(begin) == 1, f"the page wants the mark {begin} once"
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n\n{table}\n\n{end}", page, flags=re.DOTALL)


if __name__ == "__main__":
    for (name, mark), table in TABLES.items():
        path = DOCS / name
        path.write_text(with_table(path.read_text("utf-8"), mark, table), "utf-8")
