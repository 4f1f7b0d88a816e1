"""The tables of options in the pages, made from the records; `python -m tests.examples.option_tables` writes them."""

import re
from pathlib import Path

from taut.auditing import AuditOptions
from taut.estimators import ImputerConfig, OutlierConfig, VAEConfig
from taut.options import markdown_table, options_of

DOCS = Path(__file__).parents[2] / "docs"
TABLES = {
    ("command-line.md", "fit"): markdown_table(VAEConfig, defaults={"random_state": 0}),
    ("command-line.md", "audit"): markdown_table(AuditOptions),
    ("command-line.md", "compare"): markdown_table(AuditOptions, without=("train",)),
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
