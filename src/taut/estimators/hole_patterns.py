"""Which cells were missing together in the rows that a run was trained on: what drawn rows may lack, too."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Num

from taut.files import written_whole


class HolePatterns(NamedTuple):
    """The distinct rows of holes, and how often each came: `patterns` is True where a cell was missing.

    >>> import numpy as np
    >>> found = hole_patterns(np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]]))
    >>> found.patterns.tolist(), found.counts.tolist()
    ([[False, False], [False, True]], [2, 1])
    """

    patterns: Bool[np.ndarray, "patterns columns"]
    counts: Int[np.ndarray, "patterns"]

    @classmethod
    def load(cls, path: Path) -> HolePatterns:
        """As `save` wrote them."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["patterns"], stored["counts"])

    def save(self, path: Path) -> None:
        """Write them, whole or not at all."""
        with written_whole(path) as temporary:
            np.savez_compressed(temporary, allow_pickle=False, patterns=self.patterns, counts=self.counts)

    def draw(self, n: int, *, seed: int) -> Bool[np.ndarray, "n columns"]:
        """`n` rows of holes, each as probable as it was frequent."""
        # Apart from the draws of values with the same seed, of which holes must not know.
        chosen = np.random.default_rng([seed, 1]).choice(len(self.counts), n, p=self.counts / self.counts.sum())
        return self.patterns[chosen]


def hole_patterns(values: Num[np.ndarray, "n columns"]) -> HolePatterns:
    """The patterns of NaN in coded rows."""
    if values.dtype.kind != "f" or not np.isnan(values).any():
        return HolePatterns(np.zeros((1, values.shape[1]), bool), np.array([len(values)]))
    patterns, counts = np.unique(np.isnan(values), axis=0, return_counts=True)
    return HolePatterns(patterns, counts)
