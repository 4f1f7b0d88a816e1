"""Tables whose cells are set apart by blanks: one between cells, or columns that are aligned by several."""

import re

from taut.data.delimited import is_number
from taut.data.parsing import is_marker
from taut.errors import DataError

_SEVERAL, _ANY = r"[ \t\xa0]{2,}|\t", r"[ \t\xa0]+"
_LOOKED_AT = 100
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
