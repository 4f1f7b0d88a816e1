"""Text in rows and cells: its encoding, its separator, and whether the first line names the columns."""

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import charset_normalizer

from taut.data.parsing import is_marker
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
