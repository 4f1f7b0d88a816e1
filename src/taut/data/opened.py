"""Rows that are read a block at a time, so that no more of them is in memory than is looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from taut.data.dense import from_array
from taut.data.mapped import MappedRows
from taut.data.sheet import Sheet, as_sheet
from taut.data.table import Table

# So many numbers are in a block at most, 32 MB of them in double precision, and so many rows.
NUMBERS_AT_ONCE, ROWS_AT_ONCE = 2**22, 2**16
Rows = Table | Sheet


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class OpenedRows:
    """A source of `rows` rows of so many columns, as `taut.data.read` would give them, in blocks from the first on.

    `read(n)` yields blocks of about n rows. `mapped` are the rows themselves where any of them can be taken;
    `sparse` says that hardly a number differs from 0.

    >>> opened = opened_array(np.arange(6.0).reshape(3, 2), "numbers")
    >>> len(opened), [len(block) for block in opened.blocks(2)], opened.take(np.array([2])).values.tolist()
    (3, [2, 1], [[4.0, 5.0]])
    """

    name: str
    rows: int
    columns: int
    read: Callable[[int], Iterator[Rows]]
    mapped: MappedRows | None = None
    sparse: bool = False
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.rows

    @property
    def bytes(self) -> int:
        """What the rows would take in memory as a model sees them."""
        item = 4 if self.mapped is None else min(self.mapped.dtype.itemsize, 4)
        return self.rows * self.columns * (1 if self.sparse else item)

    def blocks(self, size: int | None = None, *, numbers: int | None = None) -> Iterator[Rows]:
        """The rows in their order, about `size` at a time, or as many as have so many `numbers`."""
        numbers = NUMBERS_AT_ONCE if numbers is None else numbers
        return self.read(max(1, min(numbers // self.columns, ROWS_AT_ONCE)) if size is None else size)

    def named(self, block: Rows, start: int) -> Rows:
        """The block whose first row has the number `start`, by a name that says so."""
        return dataclasses.replace(block, name=f"{self.name} from row {start} on") if start else block

    def take(self, numbers: Int[np.ndarray, "n"]) -> Rows:
        """The rows of these numbers, which rise."""
        if self.mapped is not None:
            return from_array(self.mapped.take(numbers), self.name, holes=True)
        parts, start = [], 0
        for block in self.blocks():
            own = numbers[np.searchsorted(numbers, start) : np.searchsorted(numbers, start + len(block))]
            if len(own):
                parts.append(block.take(own - start))
            start += len(block)
        return stacked(parts)


def opened_array(values: Any, name: str, **facts: Any) -> OpenedRows:
    """The rows of an array, or of what gives arrays when it is sliced."""

    def read(size: int) -> Iterator[Rows]:
        for start in range(0, rows, size):
            yield from_array(np.asarray(values[start : start + size]), name, holes=True)

    rows, width = values.shape[0], int(np.prod(values.shape[1:]))
    mapped = values if isinstance(values, MappedRows) else None
    return OpenedRows(name=name, rows=rows, columns=width, read=read, mapped=mapped, **facts)


def stacked(parts: list[Rows]) -> Rows:
    """Blocks of rows of one source as one, with the notes of the first."""
    tables = [part for part in parts if isinstance(part, Table)]
    sheets = [part for part in parts if isinstance(part, Sheet)]
    if sheets:
        frame = pa.concat_tables([arrow_of(sheet) for sheet in sheets], promote_options="permissive")
        return dataclasses.replace(as_sheet(frame, sheets[0].name), notes=sheets[0].notes)
    labels = [table.labels for table in tables if table.labels is not None]
    return dataclasses.replace(
        tables[0],
        values=np.concatenate([table.values for table in tables]),
        labels=np.concatenate(labels) if labels else None,
        beside=None if tables[0].beside is None else stacked([table.beside for table in tables]),
    )


def arrow_of(sheet: Sheet) -> pa.Table:
    """The columns of a sheet of any library, without what that keeps beside them."""
    return pa.table([column.to_arrow() for column in sheet.series], sheet.columns)
