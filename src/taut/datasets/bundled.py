"""Real sets that come with the package, so that nothing is downloaded."""

from importlib import resources
from pathlib import Path

import numpy as np

from taut import data
from taut.data import Table
from taut.data.reading import READ, exists
from taut.errors import DataError

NAMES = ("digits", "digits:train", "digits:held-out")


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


def load(source: str | Path, *, as_column: bool = False) -> Table:
    """A bundled set by its name (`digits`, `digits:train`, `digits:held-out`), or what `taut.data.read` reads.

    A bundled name wins over a file of that name; `./digits` means the file. `as_column` and errors as for `read`.

    >>> load("digits:held-out")
    Table('digits:held-out', 297 rows, 64 features, uint8)
    """
    if isinstance(source, str) and source in NAMES:
        return _digits_table(source)
    if isinstance(source, str) and _reads_like_a_name(source) and not exists(source):
        raise DataError(
            f"Wanted a bundled name ({', '.join(NAMES)}), {READ}; there is no `{source}`; check the spelling."
        )
    return data.read(source, as_column=as_column)


def _reads_like_a_name(source: str) -> bool:
    return source.replace(":", "").replace("-", "").isalpha()


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
