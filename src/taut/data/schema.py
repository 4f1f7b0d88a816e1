"""What a model has to know about the columns of a table: their kinds, families, codes and units."""

import dataclasses
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Int

from taut.data.binarisation import NOT_BINARISED, Binarisation, white_of
from taut.data.notations import Notation
from taut.data.table import is_image
from taut.data.units import Units
from taut.displays import AbstractShown, ShownTable
from taut.errors import OptionError

Category = str | int | float | bool
"""What a cell of a column of labels may hold."""


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
class Block:
    """The entries of a field that holds many numbers of one kind: the pixels of an image, the counts of a cell.

    `names` are those of the entries, where a person gave them some, and `shape` folds them into an image (height,
    width), or (height, width, 3) of colours, to which files were `resized` or not; or into lists of lists. Real numbers
    have `units`; others are coded as they are, or drawn as zeros and ones by a `binarisation`. `ends` are the smallest
    (at most 0) and the largest value of the training rows, from which totals and numbers of categories follow.
    `missing` counts the holes of each entry among these rows; None where there was none. A block is `listed` where its
    entries came as one column of lists, and not each as a column of its own.

    >>> int(Block(width=784, shape=(28, 28)).holes.sum())
    0
    """

    width: int
    names: list[str] | None = None
    shape: tuple[int, ...] | None = None
    units: Units | None = None
    binarisation: Binarisation = NOT_BINARISED
    ends: tuple[float, float] = (0.0, 1.0)
    missing: list[int] | None = None
    listed: bool = False
    resized: bool = False

    @property
    def holes(self) -> Int[np.ndarray, "width"]:
        """How many cells of each entry were missing in training."""
        return np.zeros(self.width, np.int64) if self.missing is None else np.array(self.missing)

    @property
    def black_and_white(self) -> tuple[float, float]:
        """The values that are black and white in a picture: the ends of grey levels, else of the training rows."""
        low, high = self.ends
        return low, white_of(high) if self.units is None and low == 0 else high


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One field as the model sees it: a column, or a block of entries that share its kind and family.

    `family` is its likelihood, empty where the column is not modelled; `reason` is a clause that can be said aloud.
    `categories` stand in the order of their codes; those of a block are the same for all its entries. A model sees (x −
    `offset`)/`unit`, so that single precision keeps the digits of numbers of any place and size: codes and counts have
    0 and 1, bounded numbers their lower end and their width, and dates days, from 1970-01-01. `resolution` is the
    smallest gap between distinct values (in days for a date). `dtype` is how the cells came: integer, float, bool,
    string, categorical, enum, date, datetime, duration (in seconds), wide integer, mixed or other, and `native` their
    type in the library that they came from; `missing` and `seen` count the cells of the training rows. A column that is
    `given` is not modelled: it is an input of a conditional model. Cells have at most so many `decimals`, or are whole
    `date_unit`s, where either is known; the `notation` is that of text which spells numbers or dates, and `na_values`
    are cells that mean missing.

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
    block: Block | None = None

    @property
    def modelled(self) -> bool:
        """Whether the field has a likelihood."""
        return bool(self.family) and not self.given

    @property
    def width(self) -> int:
        """How many entries the field has: 1 for a column."""
        return 1 if self.block is None else self.block.width

    @property
    def holes(self) -> Int[np.ndarray, "width"]:
        """How many cells of each entry were missing in training."""
        return np.array([self.missing]) if self.block is None else self.block.holes

    @property
    def entries(self) -> tuple["Column", ...]:
        """A column for each entry: itself, or one for each number of a block."""
        return (self,) if self.block is None else tuple(_entries(self, self.block))


def _entries(field: Column, block: Block) -> Iterator[Column]:
    names = block.names or [
        f"{field.name}[{place}]" if block.listed else f"{field.name}{place}" for place in range(block.width)
    ]
    offsets, units = (
        ([0.0] * block.width, [1.0] * block.width)
        if block.units is None
        else (
            block.units.offsets,
            block.units.units,
        )
    )
    for name, offset, unit, holes in zip(names, offsets, units, block.holes.tolist(), strict=True):
        yield dataclasses.replace(
            field,
            name=name,
            offset=offset,
            unit=unit,
            missing=holes,
            seen=field.missing + field.seen - holes,
            block=None,
        )


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Schema(AbstractShown):
    """The fields of a table in their order; `named` is false where nobody gave its columns names.

    >>> Schema(columns=(Column(name="id", kind="identifier"),)).modelled
    ()
    """

    columns: tuple[Column, ...]
    named: bool = True

    def _shown(self) -> ShownTable:
        from taut.data.schema_files import describe_schema  # noqa: PLC0415  it imports this module

        rows = [list(row.values()) for row in describe_schema(self)]
        title = "1 column" if len(rows) == 1 else f"{len(rows)} columns"
        return ShownTable(["column", "kind", "family", "missing", "reason"], rows, title=title)

    @property
    def modelled(self) -> tuple[Column, ...]:
        """The columns that have a likelihood: those of encoded values, in their order."""
        return tuple(column for column in self.columns if column.modelled)

    @property
    def given(self) -> tuple[Column, ...]:
        """The columns that a conditional model is given, in their order."""
        return tuple(column for column in self.columns if column.given)

    @property
    def entries(self) -> tuple[Column, ...]:
        """A column for each encoded value: the entries of all modelled fields, in their order."""
        return tuple(entry for column in self.modelled for entry in column.entries)

    @property
    def width(self) -> int:
        """How many encoded values a row has."""
        return sum(column.width for column in self.modelled)

    @property
    def spans(self) -> list[tuple[Column, slice]]:
        """Each modelled field, and where its entries are among the encoded values."""
        ends = np.cumsum([0, *(column.width for column in self.modelled)]).tolist()
        return [(column, slice(*span)) for column, span in zip(self.modelled, pairwise(ends), strict=True)]

    @property
    def spread(self) -> Column | None:
        """The block whose entries came each as a column of its own, as those of an array do; None where none did."""
        return next((each for each in self.modelled if each.block is not None and not each.block.listed), None)

    @property
    def one_block(self) -> Column | None:
        """The block that is all of a datum and had no holes, so that its likelihood is that of the datum."""
        whole = [each for each in self.modelled if each.block is not None and not each.missing]
        return whole[0] if whole and len(self.modelled) == 1 else None

    @property
    def binarisation(self) -> Binarisation:
        """How rows become zeros and ones before a model sees them: as the block says that is all of a datum."""
        block = self.one_block
        return NOT_BINARISED if block is None or block.block is None else block.block.binarisation

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """How the entries of the block that is all of a datum fold into an image: (height, width), or with colours."""
        block = self.one_block
        shape = None if block is None or block.block is None else block.block.shape
        return shape if is_image(shape) else None

    @property
    def unfolded(self) -> "Schema":
        """The columns as they come: those of a block that is spread over columns in its place."""
        if (spread := self.spread) is None or spread.block is None:
            return self
        return Schema(columns=spread.entries, named=spread.block.names is not None)

    @property
    def input_names(self) -> list[str] | None:
        """The names of the columns that come in, modelled or not; None where nobody gave them names."""
        columns = self.unfolded
        return [column.name for column in columns.columns] if columns.named else None

    @property
    def entry_names(self) -> list[str] | None:
        """The names of the encoded values; None where nobody named the entries of a block that is spread."""
        spread = self.spread
        known = spread is None or spread.block is None or spread.block.names is not None
        return [entry.name for entry in self.entries] if known else None

    def column(self, name: str) -> Column:
        """The column called `name`; raises OptionError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise OptionError(f"Wanted a column of the schema; got `{name}`; choose one of {listed(self.columns)}.")


def entry_places(schema: Schema) -> dict[str | int, Int[np.ndarray, "chosen"]]:
    """Where among the encoded values is what a person names: a field, an entry of a block, or its number.

    Numbers count the entries where nobody gave them names.

    >>> places = entry_places(Schema(columns=(Column(name="x", kind="real", family="gaussian", block=Block(width=3)),)))
    >>> places["x"].tolist(), places["x2"].tolist(), places[0].tolist()
    ([0, 1, 2], [2], [0])
    """
    entries = schema.entries
    named = schema.named and schema.entry_names is not None
    places = {} if named else {number: np.array([number]) for number in range(len(entries))}
    places |= {column.name: np.arange(span.start, span.stop) for column, span in schema.spans}
    return places | {entry.name: np.array([number]) for number, entry in enumerate(entries)}


def listed(columns: tuple[Column, ...], most: int = 12) -> str:
    """The names of columns as a person would list them, the first few."""
    return ", ".join(f"`{column.name}`" for column in columns[:most]) + (", …" if len(columns) > most else "")
