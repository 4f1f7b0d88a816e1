"""The cells of a text file as they are spelled, so that they can be written back to the letter."""

from __future__ import annotations

import csv
import dataclasses
import enum
from pathlib import Path
from typing import Any

from taut.data import Column
from taut.data.delimited import UNCUT, counts_up, decoded, holds_numbers, separator

_TEXT = (".csv", ".tsv", ".txt")


class Manner(enum.Enum):
    """How a column spells its values where Python would spell them otherwise."""

    PLAIN = "plain"
    COMMA = "a comma before the decimals"
    UPPER = "TRUE and FALSE"
    TITLE = "True and False"


@dataclasses.dataclass(frozen=True)
class Spelled:
    """The rows of a file as text, and the signs between them."""

    header: list[str] | None
    rows: list[list[str]]
    separator: str
    newline: str

    def manner(self, place: int, values: list[Any], column: Column) -> Manner:
        """How a column spells what it holds, from the cells that are there."""
        seen = ((row[place].strip(), value) for row, value in zip(self.rows, values, strict=True) if value is not None)
        for text, value in seen:
            if isinstance(value, bool):
                return Manner.UPPER if text.isupper() else Manner.TITLE if text.istitle() else Manner.PLAIN
            if isinstance(value, float) and "," in text and _with_comma(text) == value:
                return Manner.COMMA
        return Manner.PLAIN


def spelled_in(source: str, rows: int) -> Spelled | None:
    """The text of a table of so many rows; None where `source` is no text, or its lines are not its rows."""
    path = Path(source).expanduser()
    if path.suffix.lower() not in _TEXT or not path.is_file():
        return None
    text, _ = decoded(path.read_bytes(), path.name)
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.strip("\r\n") + "\n"
    sign = separator(text)
    # In a file of one column an empty line is an empty cell; else it is nothing.
    lines = [row or [""] for row in csv.reader(text.splitlines(keepends=True), delimiter=sign) if row or sign == UNCUT]
    header = counts_up(lines[0]) or not holds_numbers(lines[0])
    found = Spelled(lines[0] if header else None, lines[1:] if header else lines, sign, newline)
    if len(found.rows) != rows or len({len(row) for row in lines}) > 1:
        return None
    return dataclasses.replace(found, separator=",") if sign == UNCUT else found


def spell(value: Any, manner: Manner = Manner.PLAIN) -> str:
    """A value as a cell of text.

    >>> spell(1.5, Manner.COMMA), spell(True), spell(None)
    ('1,5', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        text = str(value).lower()
        return text.upper() if manner is Manner.UPPER else text.title() if manner is Manner.TITLE else text
    return str(value).replace(".", ",") if manner is Manner.COMMA else str(value)


def _with_comma(text: str) -> float | None:
    """The number that a text spells if its comma is a decimal sign."""
    try:
        return float(text.replace(".", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return None
