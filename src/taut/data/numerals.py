"""How people write numbers: decimal points and commas, groups of thousands; whole columns of text as numbers."""

import enum
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute

from taut.data.table import column_name
from taut.errors import DataError

# They are made while the module is imported, so no checker can see them.
functions: Any = pyarrow.compute


_PLAIN = r"^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf|infinity|Inf|Infinity)$"
_COMMA = r"^[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?$"
# Groups of thousands behind a comma, a point, or a space or apostrophe; the decimal part behind the other sign.
_GROUPED_BY_COMMA = r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$"
_GROUPED_BY_POINT = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
_GROUPED_BY_SPACE = r"^[+-]?(\d{1,3}([\x{00a0}\x{2009}\x{202f} '’]\d{3})+|\d+)([.,]\d+)?$"
_DIGITS = r"^[+-]?\d+$"
# More digits than a float keeps: an account number, not a quantity.
_LONG = r"^[+-]?\d{16,}$"


class Style(enum.Enum):
    """How the numbers of a column are written; the value of a style begins the note about it."""

    PLAIN = "Plain numbers were read"
    COMMA = "Commas were read as decimal points"
    GROUPED_BY_COMMA = "Commas were read as separators of thousands"
    GROUPED_BY_POINT = "Points were read as separators of thousands"
    GROUPED_BY_SPACE = "Spaces or apostrophes were read as separators of thousands"
    COMMA_OR_GROUPS = "Commas could not be told"
    POINT_OR_GROUPS = "Points could not be told"
    CODE = "Digits were kept as text, because numbers would lose some of them,"
    TEXT = "Text was read"


def style_of(text: pa.Array) -> Style:
    """How the numbers of a column are written, where every cell that is there is a number.

    >>> [style_of(pa.array(cells)).name for cells in (["1.5"], ["0,5"], ["1,234"], ["1,234.5"], ["007"], ["a"])]
    ['PLAIN', 'COMMA', 'COMMA_OR_GROUPS', 'GROUPED_BY_COMMA', 'CODE', 'TEXT']
    """
    if every(text, _PLAIN):
        return _style_of_plain(text)
    grouped = (
        (Style.GROUPED_BY_COMMA, _GROUPED_BY_COMMA, r",\d{3}[,.]"),
        (Style.GROUPED_BY_POINT, _GROUPED_BY_POINT, r"\.\d{3}[,.]"),
        (Style.GROUPED_BY_SPACE, _GROUPED_BY_SPACE, r"[^\d.,+-]"),
    )
    for style, pattern, proof in grouped:
        if every(text, pattern) and _any(text, proof):
            return style
    if not every(text, _COMMA):
        return Style.TEXT
    return Style.COMMA_OR_GROUPS if every(text, r"^[+-]?([1-9]\d{0,2},\d{3}|\d{1,3})$") else Style.COMMA


def settle(styles: Sequence[Style], separator: str = "") -> list[Style]:
    """The styles of a file, with those that could mean two things settled where the file tells.

    It tells by its other columns, or by the `separator` of its cells: where numbers have decimal commas, cells
    are set apart by semicolons, and commas inside the cells of a comma-separated file group thousands.

    >>> [style.name for style in settle([Style.COMMA, Style.COMMA_OR_GROUPS, Style.POINT_OR_GROUPS])]
    ['COMMA', 'COMMA', 'GROUPED_BY_POINT']
    """
    commas = separator == ";" or Style.COMMA in styles or Style.GROUPED_BY_POINT in styles
    points = separator == "," or Style.GROUPED_BY_COMMA in styles
    grouped = (Style.COMMA in styles or Style.GROUPED_BY_POINT in styles) and not points
    by_commas = Style.COMMA_OR_GROUPS if commas == points else Style.COMMA if commas else Style.GROUPED_BY_COMMA
    settled = {
        Style.COMMA_OR_GROUPS: by_commas,
        Style.POINT_OR_GROUPS: Style.GROUPED_BY_POINT if grouped else Style.PLAIN,
    }
    return [settled.get(style, style) for style in styles]


def numbers_in(text: pa.Array, style: Style, place: str) -> pa.Array:
    """The numbers that `text` spells in a settled `style`; whole ones as integers.

    Raises DataError, naming the first cell of `place`, where a comma may be a decimal sign or not.
    """
    if style is Style.CODE:
        return text
    if style is Style.COMMA_OR_GROUPS:
        _refuse_doubtful(text, place)
    if style in (Style.GROUPED_BY_COMMA, Style.GROUPED_BY_POINT, Style.GROUPED_BY_SPACE):
        sign = {Style.GROUPED_BY_COMMA: ",", Style.GROUPED_BY_POINT: r"\."}
        text = functions.replace_substring_regex(text, sign.get(style, r"[\x{00a0}\x{2009}\x{202f} '’]"), "")
    text = functions.replace_substring_regex(functions.replace_substring(text, ",", "."), r"^\+", "")
    if every(text, _DIGITS):
        return functions.cast(text, pa.int64())
    return functions.cast(text, pa.float64())


def every(text: pa.Array, pattern: str) -> bool:
    """Whether there is a cell, and every cell that is there matches `pattern`."""
    return functions.all(functions.match_substring_regex(text, pattern)).as_py() is True


def _style_of_plain(text: pa.Array) -> Style:
    if _any(text, r"^[+-]?0\d") or _any(text, _LONG):
        return Style.CODE
    # 1.234 beside 1.500 may be thousands if commas are decimal elsewhere in the file.
    return Style.POINT_OR_GROUPS if _any(text, r"\.") and not _shows_point(text) else Style.PLAIN


def _shows_point(text: pa.Array) -> bool:
    """Whether some point cannot separate thousands: not three digits behind it, or none or a zero or many before."""
    return not every(text, r"^[+-]?([1-9]\d{0,2}\.\d{3}|\d+)$")


def _refuse_doubtful(text: pa.Array, place: str) -> None:
    cells = text.to_pylist()
    row = next(number for number, cell in enumerate(cells) if cell is not None and "," in cell)
    raise DataError(
        f"Wanted numbers that can be read in one way; {place} holds `{cells[row]}` in row {row} (counting from 0), "
        "where the comma may be a decimal sign or separate thousands; write points, and no separators."
    )


def _any(text: pa.Array, pattern: str) -> bool:
    return functions.any(functions.match_substring_regex(text, pattern)).as_py() is True


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
