"""Cells of text as the numbers or dates that they spell."""

import collections
import dataclasses
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from taut.data import notations
from taut.data.amounts import Reading, amounts_in, doubtful_comma, mixed_units, taken_apart
from taut.data.cells import Cells
from taut.data.kinds import kind_named
from taut.data.notations import Notation
from taut.data.numerals import AMONG_NUMBERS, USUAL, dates_in, functions, is_marker

# How columns came whose cells may spell numbers or dates.
TEXT = ("string", "mixed")
# A column is looked at closer only if some of its first cells have a digit.
_LOOKED_AT = 200


def as_spelled(cells: Cells, *, separator: str = "", kind: str | None = None, known: Notation | None = None) -> Cells:
    """The cells as the numbers or dates that all of them spell; as they are where they do not, or are categories.

    The usual markers of missing cells, such as NA, are holes among numbers and dates. `kind` and the notation that is
    `known` are those of the fit or of a person; without them a frame's few whole numbers stay the labels that they are.

    >>> from taut.data.sheet import as_sheet
    >>> from taut.data.extracting import cells_of
    >>> cells_of(as_sheet({"price": ["$1,234.50", "n/a", "$7.25"]}), 0).numbers().tolist()
    [1234.5, nan, 7.25]
    """
    wanted = None if kind is None else kind_named(kind)
    if wanted is not None and wanted.parse is not None:
        return wanted.parse(cells)
    reads = None if wanted is None else wanted.reads
    if cells.came not in TEXT or reads == "labels" or not has_digits(cells):
        return cells
    text, markers = trimmed(cells)
    found = _dates(text, known) if reads in (None, "dates") else None
    if found is None and reads != "dates":
        found = amounts_in(text, separator=separator, known=known)
    if found is None or (kind is None and not separator and cells.came == "string" and _labels(found.values)):
        return cells
    plain = "" if separator or found.notation.dates or cells.came == "mixed" else "text that spells numbers"
    said = [found.remark or plain, markers]
    return _replaced(cells, found, "; ".join(part for part in said if part))


def spelled_notation(cells: Sequence[str], *, separator: str = "") -> Notation | None:
    """How cells that a file's reader took for numbers or dates are written; None where that is not known.

    >>> spelled_notation(["3,10", "NA", "2,50"], separator=";")
    Notation(decimal=',', groups='', prefix='', suffix='', decimals=2, dates='', padded=True)
    """
    text, _ = trimmed(
        Cells(title="", name="", came="string", values=np.array(cells, object), present=np.ones(len(cells), bool))
    )
    found = _dates(text, None) or amounts_in(text, separator=separator)
    return None if found is None else found.notation


def has_digits(cells: Cells) -> bool:
    """Whether some of the first cells hold a digit: only then is a column of text looked at closer."""
    seen = cells.observed[:_LOOKED_AT].tolist()
    return any(any(sign.isdigit() for sign in str(cell)) for cell in seen)


def trimmed(cells: Cells) -> tuple[pa.Array, str]:
    """The cells as trimmed text without the markers of missing ones, and which of these are worth a word."""
    values = [str(cell).strip() if ok else None for cell, ok in zip(cells.values.tolist(), cells.present, strict=True)]
    marked = dict.fromkeys(cell for cell in values if cell is not None and (is_marker(cell) or cell in AMONG_NUMBERS))
    said = [f"`{cell}`" for cell in marked if cell not in USUAL]
    text = pa.array([None if cell in marked else cell for cell in values], pa.string())
    return text, f"{', '.join(said)} read as missing" if said else ""


def _dates(text: pa.Array, known: Notation | None) -> Reading | None:
    iso = dates_in(text)
    if iso is not None:
        return Reading(iso, notations.iso_notation(next(cell for cell in text.to_pylist() if cell is not None)))
    kept = functions.unique(functions.drop_null(text)).to_pylist()
    patterns = notations.patterns_of(kept)
    if known is not None and known.dates in patterns:
        patterns = [known.dates]
    if len(patterns) != 1 or not kept:
        return None
    moments = notations.moments_in(kept, patterns[0])
    assert moments is not None, "the pattern was chosen so that it fits every cell"
    spelled = dict(zip(kept, moments, strict=True))
    kind = pa.timestamp("us") if "%H" in patterns[0] else pa.date32()
    values = pa.array([None if cell is None else spelled[cell] for cell in text.to_pylist()], pa.timestamp("us"))
    remark = notations.order_clause(patterns[0], _telling(kept, patterns[0]))
    return Reading(values.cast(kind), notations.notation_of(kept, patterns[0]), remark)


def _telling(cells: list[str], pattern: str) -> str:
    """A cell that has this pattern alone, where there is one."""
    return next((cell for cell in cells if notations.patterns_of([cell]) == [pattern]), cells[0])


def _labels(values: pa.Array) -> bool:
    """Whether numbers in a frame's text are few and whole, and come again: labels that a person made text of."""
    if not pa.types.is_integer(values.type):
        return False
    there = len(values) - values.null_count
    few = functions.count_distinct(values).as_py()
    return bool(few < there and few <= max(20, np.sqrt(there)) and there >= 1.5 * few)


def _replaced(cells: Cells, found: Reading, remark: str) -> Cells:
    values = found.values
    present = np.asarray(values.is_valid())
    if pa.types.is_temporal(values.type):
        zone = getattr(values.type, "tz", None)
        came = "date" if pa.types.is_date(values.type) else f"datetime, {zone}" if zone else "datetime"
        plain = np.asarray(values.cast(pa.timestamp("us", zone)).cast(pa.int64()).fill_null(0))
    else:
        came = "integer" if pa.types.is_integer(values.type) else "float"
        plain = np.asarray(values.fill_null(0))
    return dataclasses.replace(
        cells,
        came=came,
        values=plain,
        present=present,
        # An object column takes numbers beside its numbers; one of text wants text.
        spelled=cells.came == "string",
        notation=found.notation,
        remark=remark,
    )


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
    found = [[] if cell is None else notations.patterns_of([cell]) for cell in text.to_pylist()]
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
    if len(notations.patterns_of(cells)) > 1:
        why = f"dates such as `{cells[0]}`, in which day and month cannot be told apart"
    elif all(_SHORT_YEAR.match(cell) for cell in cells):
        why = f"dates such as `{cells[0]}`, with years of two digits"
    elif all(notations.patterns_of([cell]) for cell in cells):
        why = f"dates that are not all written in one way, such as `{cells[0]}`"
    return f"{why}: write them as in 2003-05-13" if why else ""
