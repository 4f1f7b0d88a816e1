"""How the cells of a column of text are written: numbers, and dates that are not in ISO form."""

import dataclasses
import datetime
import decimal
import itertools
import re
from collections.abc import Sequence
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Notation:
    """The signs of numbers, or for dates a pattern of `strftime`.

    `decimal` stands before the decimals and `groups` between thousands; `prefix` and `suffix` are a currency, a unit or
    a per cent sign with its blank. `decimals` is how many each cell has, where all have the same number; days and
    months below 10 have a zero before them where they are `padded`.

    >>> Notation(decimal=",", groups=".", suffix=" €", decimals=2).write(-1234.5)
    '-1.234,50 €'
    >>> Notation(dates="%d/%m/%Y", padded=False).write(datetime.date(2003, 5, 13))
    '13/5/2003'
    """

    decimal: str = "."
    groups: str = ""
    prefix: str = ""
    suffix: str = ""
    decimals: int | None = None
    dates: str = ""
    padded: bool = True

    @property
    def unit(self) -> str:
        """What stands beside each number."""
        return (self.prefix + self.suffix).strip()

    def write(self, value: Any) -> str:
        """A number, date or moment as a cell."""
        if isinstance(value, datetime.date):
            return self._date(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return ("-" if value < 0 else "") + self.prefix + self._number(abs(value)) + self.suffix
        return str(value)

    def _number(self, value: int | float) -> str:
        exact = decimal.Decimal(repr(value))
        whole = f"{exact:,f}".removesuffix(".0") if self.decimals is None else f"{exact:,.{self.decimals}f}"
        return whole.translate({ord(","): self.groups, ord("."): self.decimal})

    def _date(self, value: datetime.date) -> str:
        if not self.dates:
            return value.isoformat()
        pattern = self.dates.replace("%Y", f"{value.year:04d}")
        if not self.padded:
            pattern = pattern.replace("%d", str(value.day)).replace("%m", str(value.month))
        return value.strftime(pattern)


_DAYS = [
    *("%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d"),
    *(order.replace("/", sign) for sign in "/.-" for order in ("%d/%m/%Y", "%m/%d/%Y")),
    *("%d %b %Y", "%d-%b-%Y", "%d. %b %Y", "%b %d, %Y", "%d %B %Y", "%d. %B %Y", "%B %d, %Y"),
]
_TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S"]
_PATTERNS = [*(day + time for day in _DAYS for time in _TIMES), "%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y"]
_LOOKS_LIKE_ONE = re.compile(r"^[\w./-]{1,10}[./, -]+[\w./:, -]{2,24}$")


def patterns_of(cells: Sequence[str]) -> list[str]:
    """The patterns in which every one of the cells is a date; more than one where day and month cannot be told apart.

    >>> patterns_of(["13/05/2003", "02/06/2003"]), patterns_of(["03/05/2003"])
    (['%d/%m/%Y'], ['%d/%m/%Y', '%m/%d/%Y'])
    """
    if not cells or not all(_LOOKS_LIKE_ONE.match(cell) for cell in cells[:50]):
        return []
    left = _PATTERNS
    for cell in cells:
        left = [pattern for pattern in left if _parsed(cell, pattern) is not None]
        if not left:
            return []
    agree = all(len({_parsed(cell, pattern) for pattern in left}) == 1 for cell in cells)
    return left[:1] if agree else left


def moments_in(cells: Sequence[str], pattern: str) -> list[datetime.datetime] | None:
    """The moments that the cells spell in this pattern; None where one does not."""
    found = [_parsed(cell, pattern) for cell in cells]
    whole = [each for each in found if each is not None]
    return whole if len(whole) == len(found) else None


def notation_of(cells: Sequence[str], pattern: str) -> Notation:
    """The notation of cells in this pattern."""
    return Notation(dates=pattern, padded=not any(re.search(r"(?<!\d)[1-9](?![\d:])", cell) for cell in cells))


def iso_notation(cell: str) -> Notation:
    """The notation of a moment in ISO form; that of one with a zone or fractions is left to Python."""
    fitting = (day + time for day, time in itertools.product(["%Y-%m-%d"], _TIMES))
    return Notation(dates=next((pattern for pattern in fitting if _parsed(cell, pattern) is not None), ""))


def order_clause(pattern: str, example: str) -> str:
    """How the dates were read, as a clause."""
    if "%d" not in pattern:
        return f"months, as in `{example}`"
    if "b" in pattern.lower():
        return f"written as in `{example}`"
    order = {"%d": "day first", "%m": "month first", "%Y": "year first"}[pattern[:2]]
    return f"written {order}, as in `{example}`"


def _parsed(cell: str, pattern: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(cell, pattern)
    except ValueError:
        return None
