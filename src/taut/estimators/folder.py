"""The smaller files of a run folder."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from taut.data import Table
from taut.files import written_whole
from taut.record import HistoryRow


def save_history(history: Sequence[HistoryRow], path: Path) -> None:
    """The bound after each epoch; an empty cell where no rows were held out."""
    with written_whole(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "train", "held_out", "seconds"])
        writer.writerows([row.epoch, row.train, row.held_out, row.seconds] for row in history)


def load_history(path: Path) -> list[HistoryRow]:
    """The bound after each epoch, as written by `save_history`."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            HistoryRow(
                epoch=int(row["epoch"]),
                train=float(row["train"]),
                held_out=float(row["held_out"]) if row["held_out"] else None,
                seconds=float(row["seconds"]),
            )
            for row in csv.DictReader(file)
        ]


def save_array(array: np.ndarray, path: Path) -> None:
    """One array."""
    with written_whole(path) as temporary:
        np.save(temporary, array)


def save_table(table: Table, path: Path) -> None:
    """Rows, and their labels and what the model is given of them where there are any."""
    arrays = {"values": table.values} | ({} if table.labels is None else {"labels": table.labels.astype(str)})
    arrays |= {} if table.conditions is None else {"conditions": table.conditions}
    with written_whole(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file written by `save_table`."""
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)
