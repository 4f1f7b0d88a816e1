"""What a model has to know about the columns of a table: their kinds, families, codes and units."""

import dataclasses

from taut.data.notations import Notation
from taut.errors import OptionError

Category = str | int | float | bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class NativeType:
    """The type that a column had in its own library, so that new cells can be given it.

    `name` is the library's own. A categorical type has declared `levels`, in their order, which may be more than those
    that occur; where text stands for them, `of` is their type, such as `interval[float64, right]` or `date`.

    >>> NativeType(name="category", levels=["2020", "2021"], of="period[Y-DEC]").ordered
    False
    """

    name: str
    levels: list[Category] | None = None
    of: str = ""
    ordered: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One column as the model sees it.

    `family` is its likelihood, empty where the column is not modelled; `reason` is a clause that can be said aloud.
    `categories` stand in the order of their codes. A model sees (x − `offset`)/`unit`, so that single precision keeps
    the digits of numbers of any place and size: codes and counts have 0 and 1, bounded numbers their lower end and
    their width, and dates days, from 1970-01-01. `resolution` is the smallest gap between
    distinct values (in days for a date). `dtype` is how the cells came: integer, float, bool, string,
    categorical, enum, date, datetime, duration (in seconds), wide integer, mixed or other, and `native` their type in
    the library that they came from; `missing` and `seen` count the cells of the training rows. A column that is `given`
    is not modelled: a conditional model hears it and says nothing of it. Cells have at most so many `decimals`, or are
    whole `date_unit`s, where either is known; the `notation` is that of text which spells numbers or dates, and
    `na_values` are cells that mean missing.

    >>> Column(name="age", kind="positive", family="log-normal", reason="positive numbers").modelled
    True
    """

    name: str
    kind: str
    family: str = ""
    reason: str = ""
    categories: list[Category] | None = None
    low: float | None = None
    high: float | None = None
    offset: float = 0.0
    unit: float = 1.0
    resolution: float | None = None
    dtype: str = "float"
    missing: int = 0
    seen: int = 0
    given: bool = False
    native: NativeType | None = None
    decimals: int | None = None
    date_unit: str | None = None
    notation: Notation | None = None
    na_values: tuple[str | int | float, ...] = ()

    @property
    def modelled(self) -> bool:
        """Whether the column has a likelihood."""
        return bool(self.family) and not self.given


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns of a table in their order; `named` is false where nobody gave them names.

    >>> Schema(columns=(Column(name="id", kind="identifier"),)).modelled
    ()
    """

    columns: tuple[Column, ...]
    named: bool = True

    @property
    def modelled(self) -> tuple[Column, ...]:
        """The columns that have a likelihood: those of encoded values, in their order."""
        return tuple(column for column in self.columns if column.modelled)

    @property
    def given(self) -> tuple[Column, ...]:
        """The columns that a conditional model is given, in their order."""
        return tuple(column for column in self.columns if column.given)

    def column(self, name: str) -> Column:
        """The column called `name`; raises OptionError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise OptionError(f"Wanted a column of the schema; got `{name}`; choose one of {listed(self.columns)}.")


def listed(columns: tuple[Column, ...], most: int = 12) -> str:
    """The names of columns as a person would list them, the first few."""
    return ", ".join(f"`{column.name}`" for column in columns[:most]) + (", …" if len(columns) > most else "")
