"""`--given age=40`: words as values of a table's columns. Heavy: imported when a command begins."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np

from taut.data import Column, Schema, kind_of
from taut.data.schema import listed
from taut.errors import OptionError


def values_given(schema: Schema, words: list[str]) -> dict[str, Any]:
    """Columns and their values, each read by the kind of its column.

    Raises OptionError where there is no table, no such column, or no such value in it.

    >>> age = Column(name="age", kind="count", family="poisson")
    >>> values_given(Schema(columns=(age,)), ["age=40"])
    {'age': 40.0}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise OptionError(f"`--given` wants COLUMN=VALUE; got `{word}`; write it as in `--given age=40`.")
        if name in found:
            raise OptionError(f"`--given` wants each column once; got `{name}` twice; leave one out.")
        found[name] = _value(_column(schema, name), value.strip())
    return found


def _column(schema: Schema, name: str) -> Column:
    known = [column for column in (*schema.columns, *schema.entries) if column.name == name and column.block is None]
    if not known:
        raise OptionError(
            f"`--given` wants a column among {listed(schema.unfolded.modelled)}; got `{name}`; name one of these."
        )
    if not (known[0].modelled or known[0].given):
        raise OptionError(
            f"`--given` wants a column that is modelled, among {listed(schema.modelled)}; got `{name}`, which is "
            f"{known[0].kind}; name one of these."
        )
    return known[0]


def _value(column: Column, word: str) -> Any:
    if kind_of(column).coded:
        for category in column.categories or []:
            if word == str(category) or (isinstance(category, bool) and word.lower() == str(category).lower()):
                return category
        known = ", ".join(str(category) for category in (column.categories or [])[:12])
        more = ", …" if len(column.categories or []) > 12 else ""
        raise OptionError(f"`--given {column.name}` wants one of {known}{more}; got `{word}`; choose one.")
    if kind_of(column).reads == "dates":
        return _date(column, word)
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"`--given {column.name}` wants a number; got `{word}`; write one such as 40 or 1.5.")
    _check_within(column, number)
    return number


def _check_within(column: Column, number: float) -> None:
    kind = kind_of(column)
    if kind.within is not None and not kind.within(column, np.array([number])).all():
        one = kind.values(column).replace("numbers", "number")
        raise OptionError(f"`--given {column.name}` wants a {one}; got `{number:g}`; choose one.")


def _date(column: Column, word: str) -> datetime.date | datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(word)
    except ValueError:
        raise OptionError(
            f"`--given {column.name}` wants a date in ISO form; got `{word}`; write one such as 2020-02-29."
        ) from None
    return moment.date() if column.dtype == "date" else moment
