"""Why a column of text that looks like numbers or dates is not read as such: which of its cells are in the way."""

import collections
import re

import numpy as np
import pyarrow as pa

from taut.data import written_dates
from taut.data.affixes import taken_apart
from taut.data.amounts import doubtful_comma, mixed_units
from taut.data.cells import Cells
from taut.data.text_cells import TEXT, has_digits, trimmed

_HANDFUL = 0.1
_CURE = "mend such a cell, or call it missing with `na_values`"
_SHORT_YEAR = re.compile(r"^\d{1,2}([./-])\d{1,2}\1\d{2}$")


def odd_cells(cells: Cells) -> str:
    """Which handful of a column's cells are no numbers, or no dates, where nearly all others are; or why none is read.

    >>> from taut.data.sheet import as_sheet
    >>> from taut.data.extracting import cells_of
    >>> column = [*map(str, range(50, 109)), "#DIV/0!"]
    >>> odd_cells(cells_of(as_sheet({"a": column}), 0))
    '59 of 60 cells are numbers; row 59 (counting from 0) holds `#DIV/0!`: mend such a cell, or call it missing with \
`na_values`'
    """
    if cells.came not in TEXT or not has_digits(cells):
        return ""
    text, _ = trimmed(cells)
    there = np.asarray(text.is_valid())
    if why := mixed_units(text):
        return why
    for what, right in (("numbers", _plain_numbers(text)), ("dates", _plain_dates(text))):
        odd = np.flatnonzero(there & ~right)
        if 0 < len(odd) <= max(1, _HANDFUL * there.sum()) and len(odd) < there.sum() / 2:
            return f"{there.sum() - len(odd)} of {there.sum()} cells are {what}; {_listed(cells, odd)}: {_CURE}"
    return _why_no_date([cell for cell in text.to_pylist() if cell is not None]) or doubtful_comma(text)


def _plain_numbers(text: pa.Array) -> np.ndarray:
    """Which cells are numbers with what most of them have beside them."""
    parts = taken_apart(text)
    right = np.asarray(parts.numbers.is_valid())
    beside = [(before + behind).strip() for before, behind in zip(parts.prefixes, parts.suffixes, strict=True)]
    counts = collections.Counter(unit for unit, ok in zip(beside, right, strict=True) if ok)
    usual = counts.most_common(1)[0][0] if counts else ""
    return right & (np.array(beside) == usual)


def _plain_dates(text: pa.Array) -> np.ndarray:
    """Which cells are dates in one of the ways that most of them are written in."""
    found = [[] if cell is None else written_dates.patterns_of([cell]) for cell in text.to_pylist()]
    counts = collections.Counter(pattern for patterns in found for pattern in patterns)
    usual = counts.most_common(1)[0][0] if counts else ""
    return np.array([usual in patterns for patterns in found])


def _listed(cells: Cells, odd: np.ndarray, most: int = 3) -> str:
    rows = odd if cells.rows is None else cells.rows[odd]
    shown = [f"`{str(cell)[:40]}`" for cell in dict.fromkeys(cells.values[odd[:most]].tolist())]
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    named = ", ".join(str(row) for row in rows[:most]) + more
    return f"row{'s' if len(rows) > 1 else ''} {named} (counting from 0) hold{'' if len(rows) > 1 else 's'} " + (
        ", ".join(shown) + (", …" if more else "")
    )


def _why_no_date(cells: list[str]) -> str:
    why = ""
    if len(written_dates.patterns_of(cells)) > 1:
        why = f"dates such as `{cells[0]}`, in which day and month cannot be told apart"
    elif all(_SHORT_YEAR.match(cell) for cell in cells):
        why = f"dates such as `{cells[0]}`, with years of two digits"
    elif all(written_dates.patterns_of([cell]) for cell in cells):
        why = f"dates that are not all written in one way, such as `{cells[0]}`"
    return f"{why}: write them as in 2003-05-13" if why else ""
