"""Cells that a person calls missing: `na_values`."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from taut.data.cells import Cells
from taut.errors import OptionError


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
            f"`na_values` wants the values that mean missing, text or numbers; got {na_values!r}; give a list of them."
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
