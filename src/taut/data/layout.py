"""What lies around the rows of a table in text: remarks above it, names, a line of units, the signs between cells."""

import dataclasses
import re

from taut.data.affixes import is_unit
from taut.data.blanks import blank_pattern
from taut.data.delimited import UNCUT, counts_up, holds_numbers, is_number, rows_of, separator
from taut.data.parsing import is_marker

_DECLARED = re.compile(r"^\s*\"?sep=(.)\"?\s*$", re.IGNORECASE)
_RULE = re.compile(r"^[|\s:+=-]*-[|\s:+=-]*$")
_LOOKED_AT = 100


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
