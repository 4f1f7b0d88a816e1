"""Real sets that come with the package, so that nothing is downloaded."""

import dataclasses
from importlib import resources

import numpy as np

from taut import data
from taut.data import Sheet, Table

NAMES = ("digits", "digits:train", "digits:held-out", "penguins")
"""What may stand on the command line where a file is wanted."""


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits, 8 × 8 counts from 0 to 16: `(train, held_out)` with 1500 and 297 rows, uint8.

    >>> train, held_out = digits()
    >>> train.shape, held_out.shape, int(train.max())
    ((1500, 64), (297, 64), 16)

    References: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    stored = _digits()
    return stored["train"], stored["held_out"]


def digits_labels() -> tuple[np.ndarray, np.ndarray]:
    """Which digit each row of `digits()` shows: `(train, held_out)`, int64.

    >>> [len(labels) for labels in digits_labels()]
    [1500, 297]
    """
    stored = _digits()
    return stored["train_labels"].astype(np.int64), stored["held_out_labels"].astype(np.int64)


def penguins() -> Sheet:
    """344 penguins of three species, their sizes, sex, island and year: 8 columns of mixed kinds with 19 holes.

    The rows are in the order of the source, by species.

    >>> penguins()
    Sheet('penguins', 344 rows, 8 columns)
    >>> penguins().columns[:3]
    ['species', 'island', 'bill_length_mm']

    References: Horst, Hill & Gorman, palmerpenguins, 2020; Gorman, Williams & Fraser, PLOS ONE 9(3), 2014.
    """
    with resources.as_file(resources.files("taut.datasets") / "penguins.csv") as path:
        return dataclasses.replace(data.read_sheet(path), name="penguins")


def bundled(name: str) -> Table | Sheet:
    """The set of this name, one of `NAMES`.

    >>> bundled("digits:held-out")
    Table('digits:held-out', 297 rows, 64 features, uint8)
    """
    return penguins() if name == "penguins" else _digits_table(name)


def _digits_table(name: str) -> Table:
    stored = _digits()
    parts = {"digits:train": ["train"], "digits:held-out": ["held_out"]}.get(name, ["train", "held_out"])
    return Table(
        values=np.concatenate([stored[part] for part in parts]),
        name=name,
        image_shape=(8, 8),
        labels=np.concatenate([stored[f"{part}_labels"] for part in parts]).astype(str),
    )


def _digits() -> dict[str, np.ndarray]:
    file = resources.files("taut.datasets") / "digits.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        return dict(archive)
