"""Text in rows and cells: its encoding, its separator, and what lies around the rows."""

import csv
import dataclasses
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import charset_normalizer

from taut.data.amounts import is_unit
from taut.data.numerals import is_marker
from taut.errors import DataError

_WESTERN = "cp1252"
# Code pages of other scripts, with the languages whose words must be found in the text.
_LANGUAGES = {
    "cp1251": {"Bulgarian", "Kazakh", "Russian", "Serbian", "Ukrainian"},
    "cp1253": {"Greek"},
    "cp1255": {"Hebrew"},
    "cp1256": {"Arabic", "Farsi"},
    "cp932": {"Japanese"},
}
_SEPARATORS = ",;\t|"
# Stands for a file of one column, whose commas belong to the cells: a sign that text does not hold.
UNCUT = "\x1f"
# So many rows decide which separator a file has.
_LOOKED_AT = 100


def decoded(raw: bytes, name: str) -> tuple[str, list[str]]:
    """The text of a file and a note where it is not UTF-8.

    What is no UTF-8 is read in the code page of Windows that it seems to be in: Windows-1252, in which spreadsheets of
    western Europe and America save, unless its words are of another script. Raises DataError, naming the row and the
    byte, where that is impossible too.

    >>> decoded("größe".encode("cp1252"), "a.csv")[0]
    'größe'
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16"), []
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        place = f"byte 0x{raw[error.start]:02x} in line {line}"
    page = _code_page(raw)
    try:
        text = raw.decode(page)
    except UnicodeDecodeError:
        raise DataError(
            f"Wanted text in UTF-8; `{name}` has {place}, which is neither UTF-8 nor Windows-1252; save it as UTF-8."
        ) from None
    look = "accented letters" if page == _WESTERN else "its letters"
    return text, [f"The file is not UTF-8 ({place}) and was read as Windows-{page.removeprefix('cp')}; look at {look}."]


def _code_page(raw: bytes) -> str:
    """The code page of another script in which the text has words of a language, else the western one.

    Between pages of Latin letters the guess is no better than chance on tables, and one sign such as ° or € among
    numbers is taken for Korean or Chinese: see docs/decisions/0011.
    """
    guess = charset_normalizer.from_bytes(raw, cp_isolation=[_WESTERN, "cp1250", *_LANGUAGES]).best()
    if guess is None or _LANGUAGES.get(guess.encoding, set()).isdisjoint(guess.languages[:1]):
        return _WESTERN
    return guess.encoding


def separator(text: str) -> str:
    r"""What stands between the cells: the sign that cuts the first lines into equally many cells, more than one.

    >>> separator("a;b\n3,5;4,5\n1,5;2,5"), separator("x\n3,5\n4,5")
    (';', '\x1f')
    """
    counts = {sign: _widths(text, sign) for sign in _SEPARATORS}
    constant = [sign for sign, widths in counts.items() if len(set(widths)) == 1 and widths[0] > 1]
    if constant:
        return max(constant, key=lambda sign: counts[sign][0])
    # Ragged: the sign of the first line that fits most lines.
    cut = [sign for sign, widths in counts.items() if widths and widths[0] > 1]
    return max(cut, key=lambda sign: Counter(counts[sign]).most_common(1)[0][1], default=UNCUT)


def rows_of(text: str, sign: str) -> Iterator[list[str]]:
    """The rows that hold something, each a list of cells."""
    return (row for row in csv.reader(io.StringIO(text), delimiter=sign) if row)


def counts_up(cells: Sequence[str]) -> bool:
    """Whether a first line is what pandas writes above an array without names; a row of data hardly looks like it.

    >>> counts_up(["0", "1", "2", "3", "4"])
    True
    """
    return len(cells) >= 5 and list(cells) == [str(number) for number in range(len(cells))]


def holds_numbers(cells: Sequence[str]) -> bool:
    """Whether the cells of a first line could be a row of data: numbers, with holes perhaps.

    >>> holds_numbers(["1,5", "NA"]), holds_numbers(["age", "1990"])
    (True, False)
    """
    filled = [cell for cell in cells if not is_marker(cell)]
    return bool(filled) and all(is_number(cell) for cell in filled)


def is_number(cell: str) -> bool:
    """Whether a cell spells a number, with a decimal point or comma."""
    try:
        float(cell.strip().replace(",", "."))
    except ValueError:
        return False
    return True


def check_rectangular(rows: Iterable[list[str]], name: str, *, header: bool) -> None:
    """Raise DataError at the first row with another number of cells than the first."""
    rows = iter(rows)
    width = len(next(rows, []))
    for number, row in enumerate(rows, 0 if header else 1):
        if len(row) != width:
            raise DataError(
                f"Wanted rows of {width} cells as in the first line; row {number} (counting from 0) of "
                f"`{name}` has {len(row)}; mend that row."
            )


def _widths(text: str, sign: str) -> list[int]:
    if sign not in text:
        # Not parsed: the csv module refuses cells as long as the lines of a wide table.
        return [1]
    return [len(row) for row in itertools.islice(rows_of(text, sign), _LOOKED_AT)]


_SEVERAL, _ANY = r"[ \t\xa0]{2,}|\t", r"[ \t\xa0]+"
_THOUSANDS = re.compile(r"^\d{1,3}( \d{3})+$")


def blank_pattern(lines: list[str], name: str) -> str | None:
    r"""What sets apart the cells of these lines: several blanks, or any; None where each line is one cell.

    Raises DataError where some lines have more numbers between blanks than others.

    >>> blank_pattern(["a b", "1 2", "3 4"], "a.txt") == r"[ \t\xa0]+", blank_pattern(["name", "Ann Lee"], "a.txt")
    (True, None)
    """
    seen = [line.strip() for line in lines if line.strip()][:_LOOKED_AT]
    if len(seen) < 2 or any('"' in line for line in seen):
        return None
    for pattern in (_SEVERAL, _ANY):
        rows = [re.split(pattern, line) for line in seen]
        if len({len(row) for row in rows}) == 1 and len(rows[0]) > 1 and (pattern == _SEVERAL or _are_columns(rows)):
            return pattern
    _check_even(seen, name)
    return None


def _are_columns(rows: list[list[str]]) -> bool:
    """Whether what lies between single blanks are cells: some column is of numbers, and none repeats one word."""
    below = rows[1:] if not all(_is_cell(cell) for cell in rows[0]) else rows
    if all(_THOUSANDS.match(" ".join(row)) for row in below):
        return False
    columns = list(zip(*below, strict=True))
    numbers = [all(_is_cell(cell) for cell in column) for column in columns]
    # A unit behind each number is no column.
    repeated = any(not number and len(set(column)) == 1 for number, column in zip(numbers, columns, strict=True))
    return any(numbers) and not repeated


def _check_even(lines: list[str], name: str) -> None:
    rows = [re.split(_ANY, line) for line in lines]
    below = [row for row in rows[1:] if len(row) > 1]
    cells = [cell for row in below for cell in row]
    if (
        len(below) < 0.8 * (len(rows) - 1)
        or sum(map(_is_cell, cells)) < 0.5 * len(cells)
        or len(set(map(len, rows))) == 1
    ):
        return
    if len(rows[0]) == 1 and all(is_number(row[0]) and not is_number(row[1]) for row in below):
        return  # numbers and their units
    if len(rows[0]) == 1 and all(_THOUSANDS.match(" ".join(row)) for row in below):
        return
    widths = sorted(set(map(len, rows)))
    raise DataError(
        f"Wanted cells set apart by commas, semicolons, tabs, bars or blanks, equally many in each line; lines of "
        f"`{name}` have from {widths[0]} to {widths[-1]} between blanks; write it with commas."
    )


def _is_cell(cell: str) -> bool:
    return is_number(cell) or is_marker(cell)


_DECLARED = re.compile(r"^\s*\"?sep=(.)\"?\s*$", re.IGNORECASE)
_RULE = re.compile(r"^[|\s:+=-]*-[|\s:+=-]*$")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    r"""A table in text: `text` is its lines with a `separator` between cells, the names first if there is a `header`.

    `above` are lines before it and `units` the line below its names, as they stand in the file; neither is in `text`.
    `notes` say what was left out.

    >>> layout = laid_out("# made by hand\na;b\nkg;m\n1;2\n3;4\n", "a.csv")
    >>> layout.text, layout.above, layout.units
    ('a;b\n1;2\n3;4\n', ['# made by hand'], 'kg;m')
    """

    text: str
    separator: str
    header: bool
    above: list[str] = dataclasses.field(default_factory=list)
    units: str | None = None
    notes: list[str] = dataclasses.field(default_factory=list)


def laid_out(text: str, name: str) -> Layout:
    """The parts of the text of a file.

    Raises DataError where its cells seem to be set apart by blanks and are not equally many in each line.
    """
    # Only these end lines: other signs that Python splits at may stand in a cell.
    whole = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    above, lines, sign, notes = _below_remarks(whole)
    lines, sign, cut = _cut(lines, sign, name)
    notes += cut
    lines, above, notes = _named(lines, above, sign, notes)
    first = next(rows_of("\n".join(lines[:_LOOKED_AT]), sign), [""])
    header = counts_up(first) or not holds_numbers(first)
    if header:
        lines, notes = _without_last(lines, sign, notes)
    units = _units(lines, sign) if header else None
    if units is not None:
        del lines[1]
        shown = ", ".join(cell.strip() for cell in next(rows_of(units, sign)) if cell.strip())
        notes.append(f"The line below the names holds units ({shown}) and was left out.")
    return Layout(text="\n".join(lines) + "\n", separator=sign, header=header, above=above, units=units, notes=notes)


def _below_remarks(lines: list[str]) -> tuple[list[str], list[str], str, list[str]]:
    """Lines above the table, the others, the separator that a line declares, and what to say."""
    start, sign = 0, ""
    if lines and (declared := _DECLARED.match(lines[0])):
        start, sign = 1, declared[1]
    remarks = start
    while remarks < len(lines) and (lines[remarks].startswith("#") or (remarks > start and not lines[remarks].strip())):
        remarks += 1
    # Where every line begins so, it is the sign of a first column.
    if remarks == len(lines):
        remarks = start
    count = sum(line.startswith("#") for line in lines[start:remarks])
    what = "line that begins with # was" if count == 1 else f"{count} lines that begin with # were"
    said = [f"Above the table {what} left out."] if count else []
    return lines[:remarks], lines[remarks:], sign, said


def _cut(lines: list[str], sign: str, name: str) -> tuple[list[str], str, list[str]]:
    """The lines with one sign between cells: as declared or as found; tabs in place of blanks."""
    sign = sign or separator("\n".join(line for line in lines[: 2 * _LOOKED_AT] if line.strip()))
    if sign == "|" and all(
        line.strip().startswith("|") and line.strip().endswith("|") for line in lines if line.strip()
    ):
        inner = [line.strip()[1:-1] for line in lines if line.strip()]
        return [line for number, line in enumerate(inner) if number != 1 or not _RULE.match(line)], sign, []
    if sign == UNCUT and (pattern := blank_pattern(lines, name)):
        return (
            [re.sub(pattern, "\t", line.strip()) for line in lines if line.strip()],
            "\t",
            ["Cells were set apart at blanks."],
        )
    return lines, sign, []


def _named(lines: list[str], above: list[str], sign: str, notes: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The lines with the last remark above them as their names, where that is what it is."""
    if not above or not above[-1].startswith("#"):
        return lines, above, notes
    bare = above[-1].lstrip("#").strip()
    names = next(rows_of(re.sub(r"\s+", "\t", bare) if sign == "\t" else bare, sign), [])
    rows = list(rows_of("\n".join(lines[:_LOOKED_AT]), sign))
    if len(names) != len(rows[0]) or any(is_number(cell) for cell in names):
        return lines, above, notes
    numbers = [any(is_number(cell) for cell in row) for row in rows]
    if not (numbers[0] or (len(names) > 1 and not any(numbers) and not above[-1].startswith("# "))):
        return lines, above, notes
    said = "The last line that begins with # was taken for column names."
    return [sign.join(names), *lines], above[:-1], [said]


def _without_last(lines: list[str], sign: str, notes: list[str]) -> tuple[list[str], list[str]]:
    """The lines without a sign at the end of each row that sets nothing apart."""
    names, *rows = [*rows_of("\n".join(lines[:_LOOKED_AT]), sign)] or [[]]
    if not rows or any(len(row) != len(names) + 1 or row[-1].strip() for row in rows):
        return lines, notes
    bare = [lines[0], *(line.rstrip()[:-1] if line.rstrip().endswith(sign) else line for line in lines[1:])]
    return bare, [*notes, "Each row ends with a separator, which was left out."]


def _units(lines: list[str], sign: str) -> str | None:
    """The line below the names where it holds the units of columns that are numbers from there on."""
    names, *rows = [*rows_of("\n".join(lines[:_LOOKED_AT]), sign)] or [[]]
    if len(rows) < 3 or any(len(row) != len(names) for row in rows) or next(rows_of(lines[1], sign), []) != rows[0]:
        return None
    columns = [[cell for cell in column if not is_marker(cell)] for column in zip(*rows[1:], strict=True)]
    cells = [
        cell.strip()
        for cell, column in zip(rows[0], columns, strict=True)
        if column and all(is_number(each) for each in column)
    ]
    said = [cell for cell in cells if cell not in ("", "-")]
    if not said or any(is_number(cell) or is_marker(cell) or len(cell) > 16 for cell in said):
        return None
    # Several columns do not by chance all lack a number; of one column the cell must be a unit.
    return lines[1] if all(is_unit(cell) for cell in said) or len(said) > 2 else None
