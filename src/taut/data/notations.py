"""How the cells of a column of text are written, so that what is filled in looks like them."""

import dataclasses
import datetime
import decimal
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
