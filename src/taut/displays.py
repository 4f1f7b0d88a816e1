"""What is shown of an object: a short table, in a notebook as HTML in its own colours, elsewhere as text."""

import abc
import dataclasses
import html
import textwrap
from collections.abc import Sequence

from taut.printable import printable

__all__ = ["MOST_ROWS", "AbstractShown", "ShownTable"]

MOST_ROWS = 20
WIDTH = 100


@dataclasses.dataclass(frozen=True)
class ShownTable:
    """A table with a title above and a note below; of many rows the first `MOST_ROWS`, and how many more there are.

    >>> table = ShownTable(["name", "cells"], [["<b>", "3"]], title="Columns")
    >>> print(table.text())
    Columns
    name  cells
    <b>   3
    >>> print(table.html())
    <table>
    <caption style="text-align: left">Columns</caption>
    <thead><tr><th style="text-align: left">name</th><th style="text-align: left">cells</th></tr></thead>
    <tbody>
    <tr><td style="text-align: left">&lt;b&gt;</td><td style="text-align: left">3</td></tr>
    </tbody>
    </table>
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str
    note: str = ""

    def html(self) -> str:
        """The table as HTML, every text escaped."""
        lines = [
            "<table>",
            f'<caption style="text-align: left">{_escaped(self.title)}</caption>',
            f"<thead>{_row(self.headings, 'th')}</thead>",
            "<tbody>",
            *(_row(row, "td") for row in self.rows[:MOST_ROWS]),
            "</tbody>",
            "</table>",
            *(f"<p>{_escaped(text)}</p>" for text in self._below()),
        ]
        return "\n".join(lines)

    def text(self) -> str:
        """The table as lines of text, the note no wider than `WIDTH`."""
        lines = [[printable(cell) for cell in row] for row in (self.headings, *self.rows[:MOST_ROWS])]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([printable(self.title), *table, *(textwrap.fill(printable(t), WIDTH) for t in self._below())])

    def _below(self) -> list[str]:
        more = f"… and {len(self.rows) - MOST_ROWS} more." if len(self.rows) > MOST_ROWS else ""
        return [text for text in (more, self.note) if text]


class AbstractShown(abc.ABC):
    """Something that is shown as a short table; as a dataclass it wants `repr=False`, which would be of every field."""

    @abc.abstractmethod
    def _shown(self) -> ShownTable:
        """The table."""

    def _repr_html_(self) -> str:
        return self._shown().html()

    def __repr__(self) -> str:
        return self._shown().text()


def _row(cells: Sequence[str], tag: str) -> str:
    found = "".join(f'<{tag} style="text-align: left">{_escaped(cell)}</{tag}>' for cell in cells)
    return f"<tr>{found}</tr>"


def _escaped(text: str) -> str:
    return html.escape(printable(text))
