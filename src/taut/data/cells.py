"""One column of a sheet, whatever library it came from: values in a plain array, and which of them are there."""

import dataclasses
import datetime
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from taut.data.notations import Notation
from taut.data.schema import NativeType
from taut.data.units import differences
from taut.errors import OptionError
from taut.printable import shown

MICROSECONDS = 86_400_000_000
# Whole numbers up to here are exact in double precision.
_EXACT = 2.0**53


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """The (n,) cells of a column.

    `values` holds int64 or float64 numbers, booleans, text or mixed objects, or for dates microseconds since
    1970; where `present` is false they mean nothing. `title` is what a message calls the column. `levels` are the
    declared categories of an enumeration, in their order, where the type has one; `native` is the type in the library
    that they came from; `rows` are the row numbers in the sheet where these cells are a part of it. Numbers and dates
    that a column of text spells have a `notation`, and a `remark` on how they were read.
    """

    title: str
    name: str
    came: str
    values: np.ndarray
    present: np.ndarray
    levels: list[Any] | None = None
    spelled: bool = False
    rows: np.ndarray | None = None
    native: NativeType | None = None
    notation: Notation | None = None
    remark: str = ""

    @functools.cached_property
    def observed(self) -> np.ndarray:
        """The values that are there."""
        return self.values[self.present]

    @functools.cached_property
    def is_date(self) -> bool:
        """Whether the values are moments; they may be `spelled` as text."""
        return self.came.startswith("date")

    @functools.cached_property
    def is_number(self) -> bool:
        """Whether the values are numbers or booleans, and no dates."""
        return self.values.dtype.kind in "bif" and not self.is_date

    @functools.cached_property
    def is_whole(self) -> bool:
        """Whether every number that is there is whole and exact, as where holes made floats of integers."""
        if not self.is_number or self.came in ("bool", "duration"):
            return False
        seen = self.observed
        return self.came == "integer" or bool(np.all((seen == np.floor(seen)) & (np.abs(seen) < _EXACT)))

    @functools.cached_property
    def is_quantity(self) -> bool:
        """Whether the values are numbers that are no levels of a categorical type."""
        return self.is_number and self.levels is None

    @functools.cached_property
    def is_label(self) -> bool:
        """Whether the values are text, mixed objects or levels of a categorical type."""
        return not (self.is_quantity or self.is_date or self.came == "other")

    @functools.cached_property
    def distinct(self) -> list[Any]:
        """The different labels that are there: in declared order, or sorted, numbers before text."""
        if self.is_number and not (self.levels is not None and self.came == "enum"):
            return self.take(np.flatnonzero(self.present)[np.unique(self.observed, return_index=True)[1]]).labels()
        found = set(self.take(np.flatnonzero(self.present)).labels())
        if self.levels is not None and self.came == "enum":
            return [level for level in self.levels if level in found]
        return sorted(found, key=lambda label: (isinstance(label, str), label))

    def numbers(self, offset: float = 0.0, unit: float = 1.0) -> np.ndarray:
        """(n,) float64 with NaN for holes: (x − offset)/unit of numbers, or of days since 1970-01-01."""
        if self.is_date:
            # In whole microseconds first: days since 1970 in floating point would lose the last of them.
            values = (self.values - round(offset * MICROSECONDS)) / MICROSECONDS
        else:
            values = differences(self.values, offset)
        return np.where(self.present, values / unit, np.nan)

    def labels(self) -> list[Any]:
        """The cells as text, int, float or bool, None for holes; a date as its ISO text."""
        values = self.values.tolist()
        if self.is_date:
            values = [_iso(value, self.came) for value in values]
        elif self.values.dtype.kind == "f":
            values = [int(value) if value.is_integer() else value for value in values]
        return [value if there else None for value, there in zip(values, self.present.tolist(), strict=True)]

    def take(self, rows: np.ndarray) -> "Cells":
        """The cells of some rows."""
        rows = np.asarray(rows)
        return dataclasses.replace(self, values=self.values[rows], present=self.present[rows], rows=rows)

    def first(self, wrong: np.ndarray) -> tuple[str, int]:
        """The first cell that is there and `wrong`, as text, and its row in the sheet."""
        number = int(np.argmax(wrong & self.present))
        return " ".join(str(self.labels_at(number)).split()), number if self.rows is None else int(self.rows[number])

    def labels_at(self, number: int) -> Any:
        """One cell, as `labels` would give it."""
        return self.take(np.array([number])).labels()[0]


def _iso(microseconds: int, came: str) -> str:
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)
    return moment.date().isoformat() if came == "date" else moment.isoformat(" ")


def listed_values(na_values: Any) -> tuple[str | int | float, ...]:
    """`na_values` in its long form: one value may come without a list around it.

    Raises OptionError for anything but text and numbers.

    >>> listed_values("missing"), listed_values([-999, "?"]), listed_values(None)
    (('missing',), (-999, '?'), ())
    """
    if na_values is None:
        return ()
    one = isinstance(na_values, str | int | float | np.generic)
    given = (na_values,) if one else tuple(na_values) if isinstance(na_values, Sequence | set | np.ndarray) else None
    values = () if given is None else tuple(each.item() if isinstance(each, np.generic) else each for each in given)
    if given is None or any(isinstance(each, bool) or not isinstance(each, str | int | float) for each in values):
        raise OptionError(
            f"`na_values` wants the values that mean missing, text or numbers; got {shown(na_values)}; give a list of "
            "them.",
            option="na_values",
        )
    return tuple(dict.fromkeys(each.strip() if isinstance(each, str) else each for each in values))


def without(cells: Cells, na_values: Sequence[str | int | float]) -> Cells:
    """The cells, those missing that hold one of `na_values`: -999 means the number, however it is written.

    >>> from taut.data.sheet import as_sheet
    >>> from taut.data.extracting import cells_of
    >>> without(cells_of(as_sheet({"a": [3.5, -999.0]}), 0), ["-999"]).present.tolist()
    [True, False]
    """
    if not na_values:
        return cells
    if cells.is_date:
        marked = np.isin(cells.values, [_microseconds(each) for each in na_values])
    elif cells.values.dtype.kind in "if":
        marked = np.isin(cells.values, [each for each in map(_number, na_values) if each is not None])
    else:
        words, numbers = {str(each) for each in na_values}, {_number(each) for each in na_values} - {None}
        marked = np.array([str(cell).strip() in words or _number(cell) in numbers for cell in cells.values.tolist()])
    return dataclasses.replace(cells, present=cells.present & ~marked.astype(bool))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _microseconds(value: Any) -> int:
    """Of a date in ISO form since 1970; no moment that a column holds where it is none."""
    try:
        moment = datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return np.iinfo(np.int64).min
    return (moment.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
