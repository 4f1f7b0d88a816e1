"""Training rows that are never in memory together: a sample decides what they are, then each is coded once, to disk."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int, Num

from taut.data import (
    ArrayWriter,
    Column,
    MappedRows,
    OpenedRows,
    RowDigest,
    Schema,
    SparseRows,
    SparseWriter,
    Units,
    Witnesses,
    encode,
    row_hashes,
    split,
)
from taut.data import generator as numpy_generator
from taut.datum import Datum
from taut.distributed import is_first_process
from taut.errors import OptionError, RunFolderError
from taut.estimators.conditions import Conditions
from taut.estimators.fields import check_blocks, scales
from taut.estimators.preparation import (
    RowWeights,
    TrainingData,
    Whole,
    checked_labels,
    checked_weights,
    prepare_training_data,
)
from taut.fitting import AbstractRows
from taut.locks import alone_in

# So many training rows decide kinds, scales and starting outputs, and so many are held out, at most.
SAMPLE, HELD_OUT = 100_000, 50_000
# Of wide rows fewer, so that each of these is 32 MB in double precision, but no fewer than so many.
NUMBERS, FEWEST = 2**22, 500
FOLDER = "rows-"
MOST_SAID = 3


@dataclasses.dataclass(frozen=True, eq=False)
class CodedRows(AbstractRows):
    """Training rows in files, or in the array that they came in: `numbers` are then their places, `units` their coding.

    `given` are the numbers that a model is given of each row.
    """

    stored: MappedRows | SparseRows
    width: int
    conditions: Conditions
    holes: bool
    given: MappedRows | None = None
    numbers: Int[np.ndarray, "rows"] | None = None
    units: Units | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows train, and how many entries each has."""
        return len(self.stored) if self.numbers is None else len(self.numbers), self.width

    def take(self, numbers: Int[np.ndarray, "n"]) -> Datum:
        """These rows, as those in memory would be."""
        places = numbers if self.numbers is None else self.numbers[numbers]
        values = self.stored.take(places).reshape(len(places), self.width)
        if self.units is not None:
            values = self.units.code(values).astype(_working())
        return self.conditions.rows(values, None if self.given is None else self.given.take(places), holes=self.holes)


@contextlib.contextmanager
def folder_for_rows(beside: Path | None) -> Iterator[Path]:
    """A folder for coded rows, inside `beside` where that is given, which is taken away in the end.

    So are folders there that a process which was killed has left.
    """
    # Another process may be on another machine, which has disks of its own.
    beside = beside if is_first_process() else None
    if beside is not None:
        beside.mkdir(parents=True, exist_ok=True)
        for old in beside.glob(f"{FOLDER}*"):
            with contextlib.suppress(RunFolderError), alone_in(old):
                shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=FOLDER, dir=beside) as folder, alone_in(folder):
        yield Path(folder)


def prepare_streamed_data(
    opened: OpenedRows,
    folder: Path,
    *,
    held_out: float,
    seed: int,
    labels: Any = None,
    weights: Any = None,
    binarise: str = "none",
    **words: Any,
) -> TrainingData:
    """As `prepare_training_data`, of rows that stay where they are or are coded into files in `folder`.

    The table in it holds a sample of the training rows and those held out, fewer than asked for where that is much.

    Raises OptionError for `binarise` by one draw, and else as that does.
    """
    if binarise == "fixed":
        raise OptionError(
            "`binarise` wants `dynamic` where rows are streamed, since one draw of all would have to be kept; got "
            "`fixed`; choose that, or leave out streaming.",
            option="binarise",
        )
    labels, weights = checked_labels(labels, len(opened)), checked_weights(weights, len(opened))
    counted = np.arange(len(opened)) if weights is None else np.flatnonzero(weights)
    train, held = (counted[rows] for rows in split(len(counted), held_out, seed))
    held, more = _some_of(held, HELD_OUT, opened.columns, seed)
    train = np.sort(np.concatenate([train, more]))
    sample = _with_witnesses(opened, train, _some_of(train, SAMPLE, opened.columns, seed)[0])
    kept = np.union1d(sample, held)
    data = prepare_training_data(
        opened.take(kept),
        held_out=held_out,
        seed=seed,
        labels=None if labels is None else labels[kept],
        weights=None if weights is None else weights[kept],
        binarise=binarise,
        chosen=(np.searchsorted(kept, sample), np.searchsorted(kept, held)),
        **words,
    )
    return _Coding(opened, data, train, folder).done(counted, weights, whole=len(sample) == len(train))


def _some_of(
    rows: Int[np.ndarray, "n"], most: int, columns: int, seed: int
) -> tuple[Int[np.ndarray, "some"], Int[np.ndarray, "others"]]:
    """At most so many of the rows, fewer where they are wide, chosen at random; and the others."""
    most = min(most, max(FEWEST, NUMBERS // columns))
    if len(rows) <= most:
        return rows, rows[:0]
    order = numpy_generator(seed).permutation(len(rows))
    return np.sort(rows[order[:most]]), np.sort(rows[order[most:]])


def _with_witnesses(
    opened: OpenedRows, train: Int[np.ndarray, "n"], sample: Int[np.ndarray, "some"]
) -> Int[np.ndarray, "more"]:
    """The sample with the training rows beyond it that show what columns can hold."""
    if len(sample) == len(train):
        return sample
    seen, start = Witnesses(), 0
    for block in opened.blocks():
        seen.look(block, start, _among(train, start, len(block)))
        start += len(block)
    return np.union1d(sample, seen.rows)


def _among(rows: Int[np.ndarray, "n"], start: int, count: int) -> Bool[np.ndarray, "count"]:
    """Which of `count` rows from `start` are among these, which rise."""
    found = np.zeros(count, bool)
    found[rows[np.searchsorted(rows, start) : np.searchsorted(rows, start + count)] - start] = True
    return found


class _Coding:
    """One pass over all rows: those that train are coded, all are put into the digest."""

    def __init__(self, opened: OpenedRows, data: TrainingData, train: Int[np.ndarray, "n"], folder: Path) -> None:
        self.opened, self.data, self.train = opened, data, train
        self.schema, self.conditions = data.schema, data.given.conditions
        self.holes, self.width = data.schema.one_block is None, data.schema.width
        dtype = _working() if data.table.values.dtype.kind == "f" else data.table.values.dtype
        self.dtype = np.dtype(dtype)
        self.writer: ArrayWriter | SparseWriter | None = None
        if not self.in_place:
            path = folder / "rows.npy"
            self.writer = (
                SparseWriter(path, self.width, self.dtype)
                if opened.sparse and self.dtype.kind != "f"
                else ArrayWriter(path, (self.width,), self.dtype)
            )
        conditioned = data.given.numbers is not None
        self.given = ArrayWriter(folder / "given.npy", (self.conditions.width,), np.float32) if conditioned else None
        self.missing, self.total = np.zeros(self.width, np.int64), np.zeros(self.width)
        self.seen: list[Num[np.ndarray, "n"]] = []
        self.unseen: list[str] = []

    @property
    def units(self) -> Units | None:
        """Of a block that is all of a datum."""
        field = self.schema.one_block
        return None if field is None or field.block is None else field.block.units

    @property
    def in_place(self) -> bool:
        """Whether the array that rows came in can be taken from as it is."""
        mapped, real = self.opened.mapped, self.units is not None
        plain = mapped is not None and (real or mapped.dtype == self.dtype)
        return plain and not self.holes and self.data.given.numbers is None

    def done(self, counted: Int[np.ndarray, "rows"], weights: RowWeights | None, *, whole: bool) -> TrainingData:
        """The data of the fit with all rows that count; `whole` says that the sample in it is all that train."""
        width = self.width + self.conditions.width
        digest, start = RowDigest(len(counted) + 2, width), 0
        for block in self.opened.blocks():
            matrix = self._coded(block, _among(self.train, start, len(block)), start)
            digest.update(matrix[_among(counted, start, len(block))])
            start += len(block)
        digest.update(scales(self.schema, width))
        schema = self.schema if whole else _with_counts(self.schema, self.missing, len(self.train))
        table = self.data.table
        # Those of a sample that is all were said when it was coded.
        table = table if whole else dataclasses.replace(table, notes=[*table.notes, *self.unseen[:MOST_SAID]])
        streamed = Whole(
            rows=self._rows(),
            digest=digest.hexdigest(),
            seen=np.unique(np.concatenate(self.seen)),
            mean=self._mean(whole=whole),
            weights=None if weights is None else weights[self.train],
        )
        return dataclasses.replace(self.data, table=table, schema=schema, streamed=streamed)

    def _rows(self) -> CodedRows:
        known = self.width, self.conditions, self.holes
        if self.writer is None:
            assert self.opened.mapped is not None
            return CodedRows(self.opened.mapped, *known, numbers=self.train, units=self.units)
        return CodedRows(self.writer.close(), *known, given=None if self.given is None else self.given.close())

    def _mean(self, *, whole: bool) -> Float[np.ndarray, "entries"]:
        """The mean of each entry: to the bit as in memory where the sample is all."""
        binarisation = self.schema.binarisation
        if whole or self.holes:
            return binarisation.expected(self.data.table.values[self.data.train])
        return self.total / len(self.train) / binarisation.levels

    def _coded(self, block: Any, training: Bool[np.ndarray, "n"], start: int) -> Num[np.ndarray, "n numbers"]:
        """The rows of a block as numbers for the digest; those that train are written."""
        table = encode(self.schema, self.opened.named(block, start))
        if training.any() and self.schema.binarisation.kind == "none":
            check_blocks(self.schema, dataclasses.replace(table, values=table.values[training]))
        given = self.conditions.numbers(table, self.schema) if self.conditions.width else None
        self.unseen += table.unseen
        values = table.values
        if self.writer is not None:
            self.writer.append(values[training])
        if self.given is not None and given is not None:
            self.given.append(given[training])
        if values.dtype.kind == "f":
            self.missing += np.isnan(values[training]).sum(axis=0)
        self.total += np.nansum(values[training], axis=0, dtype=np.float64)
        matrix = self.conditions.rows(values, given, holes=self.holes).matrix()
        self.seen.append(row_hashes(matrix[training]))
        return matrix


def _with_counts(schema: Schema, missing: Int[np.ndarray, "entries"], rows: int) -> Schema:
    """The schema with the holes of all training rows, not those of a sample."""
    counted = {
        column.name: dataclasses.replace(column, missing=int(missing[span.start]), seen=rows - int(missing[span.start]))
        for column, span in schema.spans
        if column.block is None
    }

    def exact(column: Column) -> Column:
        return counted.get(column.name, column)

    return dataclasses.replace(schema, columns=tuple(exact(column) for column in schema.columns))


def _working() -> np.dtype:
    return np.dtype(jnp.result_type(float))
