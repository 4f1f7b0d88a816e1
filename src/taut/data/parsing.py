"""Columns of text as people write them, made into numbers, truth values, dates and holes.

A column changes its type only where every cell agrees; otherwise it stays text. What a reader could have meant
differently is said in a note, and what cannot be settled is refused.
"""

from collections.abc import Sequence

import pyarrow as pa

from taut.data.arrow import functions
from taut.data.checks import column_name
from taut.data.numerals import Style, every, numbers_in, settle, style_of

# Read as missing without a word; the others with one.
USUAL = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
_SAID = ["None", "?", "n/a", "#N/A", "<NA>"]
# Only where every other cell is a number: elsewhere a dash may be an answer.
AMONG_NUMBERS = ["-", "."]
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
_ZONED = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$"


def is_marker(cell: str) -> bool:
    """Whether a cell says that its value is missing.

    >>> is_marker("NA"), is_marker("none")
    (True, False)
    """
    return cell.strip() in USUAL or cell.strip() in _SAID


def typed(
    texts: Sequence[pa.Array], names: Sequence[str] | None, name: str, *, separator: str = ""
) -> tuple[list[pa.Array], list[str]]:
    """The columns in the types their cells spell, and notes on what was decided.

    `names` are used in messages; without them columns are counted. The `separator` of the file tells what
    commas in numbers mean. Raises DataError for numbers that can be read in two ways.

    >>> columns, notes = typed([pa.array(["3,5", "?"])], ["length"], "a.csv")
    >>> columns[0].to_pylist(), len(notes)
    ([3.5, None], 2)
    """
    cleared = [_cleared(text) for text in texts]
    styles = settle([style for _, _, style in cleared], separator)
    titles = [column_name(number, names) for number in range(len(texts))]
    columns, spelled, marked = [], {}, {}
    for title, (text, markers, _), style in zip(titles, cleared, styles, strict=True):
        columns.append(_converted(text, style, f"column {title} of `{name}`"))
        if style not in (Style.TEXT, Style.PLAIN):
            spelled.setdefault(style, []).append(title)
        for marker in markers:
            marked.setdefault(marker, []).append(title)
    notes = [f"{style.value} in {_listed(where)}." for style, where in spelled.items()]
    notes += [f"`{marker}` was read as missing in {_listed(where)}." for marker, where in marked.items()]
    return columns, notes


def dates_in(text: pa.Array) -> pa.Array | None:
    """Dates or moments where every cell spells one in ISO form; None otherwise.

    >>> dates_in(pa.array(["2020-02-29", None])).type
    DataType(date32[day])
    >>> dates_in(pa.array(["2020-02-30"]))
    """
    for pattern, kind in ((_DAY, pa.date32()), (_MOMENT, pa.timestamp("us")), (_ZONED, pa.timestamp("us", "UTC"))):
        if every(text, pattern):
            try:
                return functions.cast(text, kind)
            except pa.ArrowInvalid:
                return None
    return None


def _cleared(text: pa.Array) -> tuple[pa.Array, list[str], Style]:
    """The trimmed cells without markers, the markers worth a note, and how the numbers are written, if they are."""
    trimmed = functions.utf8_trim_whitespace(text)
    text = _without(trimmed, USUAL + _SAID)
    markers = _found(trimmed, _SAID)
    style = style_of(text)
    if style is Style.TEXT and _found(text, AMONG_NUMBERS):
        bare = _without(text, AMONG_NUMBERS)
        if (style := style_of(bare)) is not Style.TEXT:
            return bare, markers + _found(text, AMONG_NUMBERS), style
    return text, markers, style


def _without(text: pa.Array, markers: Sequence[str]) -> pa.Array:
    return functions.if_else(functions.is_in(text, pa.array(markers, text.type)), pa.scalar(None, text.type), text)


def _found(text: pa.Array, markers: Sequence[str]) -> list[str]:
    found = functions.unique(functions.filter(text, functions.is_in(text, pa.array(markers, text.type)))).to_pylist()
    return sorted(marker for marker in found if marker is not None)


def _converted(text: pa.Array, style: Style, place: str) -> pa.Array:
    if style is not Style.TEXT:
        return numbers_in(text, style, place)
    if every(text, "^(?i:true|false)$"):
        return functions.equal(functions.utf8_lower(text), "true")
    dates = dates_in(text)
    return text if dates is None else dates


def _listed(titles: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(titles[:most]) + (f" and {len(titles) - most} more" if len(titles) > most else "")
    return f"column{'s' if len(titles) > 1 else ''} {shown}"
