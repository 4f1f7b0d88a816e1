"""Which rows of a table of instances run every time, and which with the slow tests alone."""

from collections.abc import Iterable
from typing import Any

import pytest


def quick(*chosen: Any, of: Iterable[Any]) -> list[Any]:
    """All rows `of` the table; those not chosen are marked slow.

    The chosen rows are those that no other quick test stands for.
    """
    rows = list(of)
    assert all(row in rows for row in chosen), f"{chosen} are not all among {rows}"
    return [row if row in chosen else pytest.param(*_cells(row), marks=pytest.mark.slow) for row in rows]


def _cells(row: Any) -> tuple[Any, ...]:
    return row if isinstance(row, tuple) else (row,)
