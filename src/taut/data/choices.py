"""What is decided about a column before its codes and units are worked out, and the words for it."""

import dataclasses
from typing import Any

import numpy as np

from taut.data.cells import Cells
from taut.data.schema import Category, Kind


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """A kind, a family and the reason for both; `categories` in the order of codes, bounds where there are any."""

    kind: Kind
    family: str = ""
    reason: str = ""
    categories: list[Category] | None = None
    low: float | None = None
    high: float | None = None


def distinct(cells: Cells) -> list[Any]:
    """The different labels that are there: in declared order, or sorted, numbers before text.

    >>> from taut.data.sheet import as_sheet
    >>> from taut.data.extracting import cells_of
    >>> distinct(cells_of(as_sheet({"a": ["no", None, "yes", "no"]}), 0))
    ['no', 'yes']
    """
    found: set[Any]
    if cells.levels is not None and cells.came == "enum":
        found = set(cells.take(np.flatnonzero(cells.present)).labels())
        return [level for level in cells.levels if level in found]
    if cells.is_number:
        return cells.take(np.flatnonzero(cells.present)[np.unique(cells.observed, return_index=True)[1]]).labels()
    found = set(cells.take(np.flatnonzero(cells.present)).labels())
    return sorted(found, key=lambda label: (isinstance(label, str), label))


def in_words(labels: list[Any], most: int = 3) -> str:
    """The first few labels, for a sentence.

    >>> in_words(["a", "b", "c", "d"])
    'a, b, c, …'
    """
    plain = ["".join(sign if sign.isprintable() else " " for sign in str(label)) for label in labels[:most]]
    shown = [text if len(text) <= 30 else text[:30] + "…" for text in plain]
    return ", ".join(shown) + (", …" if len(labels) > most else "")


def rounded(number: float) -> str:
    """A number to three digits, for a sentence.

    >>> rounded(4201.754), rounded(0.12345)
    ('4200', '0.123')
    """
    shown = f"{number:.3g}"
    return f"{float(shown):.0f}" if "e+" in shown and abs(number) < 1e9 else shown
