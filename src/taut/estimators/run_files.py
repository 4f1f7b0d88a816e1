"""The files beside `model.json`: each is written whole, and read only as what it can be; nothing in one can run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from taut.array_files import opened_archive, read_array_file
from taut.data import Table
from taut.estimators.preparation import HolePatterns
from taut.files import written_whole
from taut.record import HistoryRow


def save_history(history: Sequence[HistoryRow], path: Path) -> None:
    """The bound after each epoch; an empty cell where no rows were held out."""
    with written_whole(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "train", "held_out", "seconds"])
        writer.writerows([row.epoch, row.train, row.held_out, row.seconds] for row in history)


def load_history(path: Path) -> list[HistoryRow]:
    """The bound after each epoch, as written by `save_history`. Raises ValueError where it is none."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)]
    return msgspec.convert(rows, list[HistoryRow], strict=False)


def save_array(array: np.ndarray, path: Path) -> None:
    """One array."""
    with written_whole(path) as temporary:
        np.save(temporary, array)


def load_seen(path: Path) -> np.ndarray:
    """A hash of each row that training saw. Raises ValueError where they are none."""
    return _checked(read_array_file(path), "u", (None,))


def load_given(path: Path, *, width: int) -> np.ndarray:
    """What training rows gave a conditional model. Raises ValueError where it has another width."""
    return _checked(read_array_file(path), "f", (None, width))


def save_table(table: Table, path: Path) -> None:
    """Rows, and their labels and what the model is given of them where there are any."""
    arrays = {"values": table.values} | ({} if table.labels is None else {"labels": table.labels.astype(str)})
    arrays |= {} if table.conditions is None else {"conditions": table.conditions}
    with written_whole(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)


def load_rows(path: Path, *, features: int, conditions: int) -> dict[str, np.ndarray]:
    """`values`, and `labels` and `conditions` where there are any, of a file that `save_table` wrote.

    Raises ValueError where they are of another shape or type.
    """
    with opened_archive(path) as archive:
        arrays = {name: archive.read(name) for name in ("values", "labels", "conditions") if name in archive}
    rows = len(_checked(arrays["values"], "biuf", (None, features)))
    if "labels" in arrays:
        _checked(arrays["labels"], "U", (rows,))
    if conditions:
        _checked(arrays["conditions"], "f", (rows, conditions))
    return arrays


def save_holes(holes: HolePatterns, path: Path) -> None:
    """The patterns of holes and how often each came."""
    with written_whole(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, patterns=holes.patterns, counts=holes.counts)


def load_holes(path: Path, *, features: int) -> HolePatterns:
    """As `save_holes` wrote them. Raises ValueError where they are none."""
    with opened_archive(path) as archive:
        patterns = _checked(archive.read("patterns"), "b", (None, features))
        counts = _checked(archive.read("counts"), "iu", (len(patterns),))
    if (counts < 0).any() or not 0 < int(counts.sum()) < 2**53:
        raise ValueError("its counts are none")
    return HolePatterns(patterns, counts)


def _checked(array: np.ndarray, kinds: str, shape: tuple[int | None, ...]) -> np.ndarray:
    """The array, where its type is among these and its shape agrees; None stands for any length."""
    fits = array.ndim == len(shape) and all(
        wanted in (None, came) for wanted, came in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype.kind not in kinds:
        wanted = " × ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"it holds {array.dtype} of shape {array.shape}; wanted is {wanted}")
    return array
