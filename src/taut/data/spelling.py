"""The cells of a text file as they are spelled, so that they can be written back to the letter."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import enum
from pathlib import Path
from typing import Any

from taut.data.delimited import UNCUT, decoded
from taut.data.layout import laid_out
from taut.data.notations import Notation
from taut.data.read_errors import decoding
from taut.data.text_cells import spelled_notation

TEXT = (".csv", ".tsv", ".txt")


class Manner(enum.Enum):
    """How a column spells truth values where Python would spell them otherwise."""

    PLAIN = "plain"
    UPPER = "TRUE and FALSE"
    TITLE = "True and False"


@dataclasses.dataclass(frozen=True)
class Spelled:
    """The lines of a table as text, names included, what stands above and below these, and the signs between cells."""

    lines: list[list[str]]
    named: bool
    separator: str
    newline: str
    above: list[str] = dataclasses.field(default_factory=list)
    units: str | None = None

    @property
    def header(self) -> list[str] | None:
        """The names of the columns."""
        return self.lines[0] if self.named else None

    @property
    def rows(self) -> list[list[str]]:
        """The cells of each row."""
        return self.lines[1:] if self.named else self.lines

    def fits(self, rows: int) -> bool:
        """Whether each line is one of so many rows."""
        return len(self.rows) == rows and len({len(line) for line in self.lines}) == 1

    def manner(self, place: int, values: list[Any]) -> Manner | Notation:
        """How a column spells what it holds, from the cells that are there."""
        seen = [(row[place].strip(), value) for row, value in zip(self.rows, values, strict=True) if value is not None]
        if not seen:
            return Manner.PLAIN
        text, value = seen[0]
        if isinstance(value, bool):
            return Manner.UPPER if text.isupper() else Manner.TITLE if text.istitle() else Manner.PLAIN
        if not isinstance(value, int | float | datetime.date):
            return Manner.PLAIN
        return spelled_notation([text for text, _ in seen], separator=self.separator) or Manner.PLAIN


def spelled_in(source: str | Path) -> Spelled | None:
    """The cells of a file of text; None where `source` is none. Raises DataError where it does not read as text."""
    path = Path(source).expanduser()
    if path.suffix.lower() not in TEXT or not path.is_file():
        return None
    text, _ = decoded(path.read_bytes(), path.name)
    layout = laid_out(text, path.name)
    sign = layout.separator
    # In a file of one column an empty line is an empty cell; else it is nothing.
    cut = csv.reader(layout.text.splitlines(keepends=True), delimiter=sign)
    with decoding(path, "a table as text (.csv, UTF-8)"):
        lines = [row or [""] for row in cut if row or sign == UNCUT]
    return Spelled(
        lines,
        layout.header,
        separator="," if sign == UNCUT else sign,
        newline="\r\n" if "\r\n" in text else "\n",
        above=layout.above,
        units=layout.units,
    )


def spell(value: Any, manner: Manner | Notation = Manner.PLAIN) -> str:
    """A value as a cell of text.

    >>> spell(1.5, Notation(decimal=",")), spell(True), spell(None)
    ('1,5', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        text = str(value).lower()
        return text.upper() if manner is Manner.UPPER else text.title() if manner is Manner.TITLE else text
    return manner.write(value) if isinstance(manner, Notation) else str(value)
