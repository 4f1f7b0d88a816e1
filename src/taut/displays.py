"""What a notebook shows of an object: a short table in HTML, in the colours of the notebook, every text escaped."""

import html
from collections.abc import Iterable, Sequence

from taut.printable import printable

__all__ = ["MOST_ROWS", "html_table"]

MOST_ROWS = 20


def html_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, title: str, note: str = "") -> str:
    """A table with a title above and a note below; of many rows the first `MOST_ROWS`, and how many more there are.

    >>> print(html_table(["name"], [["<b>"]], title="Columns"))
    <table>
    <caption style="text-align: left">Columns</caption>
    <thead><tr><th style="text-align: left">name</th></tr></thead>
    <tbody>
    <tr><td style="text-align: left">&lt;b&gt;</td></tr>
    </tbody>
    </table>
    """
    rows = list(rows)
    more = f"… and {len(rows) - MOST_ROWS} more." if len(rows) > MOST_ROWS else ""
    lines = [
        "<table>",
        f'<caption style="text-align: left">{_escaped(title)}</caption>',
        f"<thead>{_row(headings, 'th')}</thead>",
        "<tbody>",
        *(_row(row, "td") for row in rows[:MOST_ROWS]),
        "</tbody>",
        "</table>",
        *(f"<p>{_escaped(text)}</p>" for text in (more, note) if text),
    ]
    return "\n".join(lines)


def _row(cells: Sequence[str], tag: str) -> str:
    found = "".join(f'<{tag} style="text-align: left">{_escaped(cell)}</{tag}>' for cell in cells)
    return f"<tr>{found}</tr>"


def _escaped(text: str) -> str:
    return html.escape(printable(text))
