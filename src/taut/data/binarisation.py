"""Grey levels as the chance of a white pixel, and one draw of it."""

from __future__ import annotations

import dataclasses

import numpy as np

from taut.data.splitting import generator
from taut.data.table import check_not_empty, check_numeric, place
from taut.errors import OptionError, SupportError

# Grey levels of 8 or 16 bits reach the upper half of their scale, and this share of those that are not black is there;
# of counts, few are.
GREYS, SHARE_ABOVE_IT = (255, 65535), 0.05
_CHUNK = 1 << 21


@dataclasses.dataclass(frozen=True)
class Binarisation:
    """How grey values become zeros and ones: each one with probability value/levels.

    `dynamic` draws afresh whenever training looks; evaluation always draws once, with `seed`, so that all models are
    scored on the same array.
    """

    kind: str
    levels: float
    seed: int

    @classmethod
    def of(cls, kind: str, values: np.ndarray, seed: int) -> Binarisation:
        """The binarisation for training data like these. Raises OptionError, SupportError."""
        if kind not in ("none", "dynamic", "fixed"):
            raise OptionError(f"`binarise` wants none, dynamic or fixed; got `{kind}`; choose one of them.")
        return cls(kind, float(grey_levels(values)), seed) if kind != "none" else NOT_BINARISED

    def for_evaluation(self, values: np.ndarray) -> np.ndarray:
        """Rows as they are scored; data that are zeros and ones already stay as they are. Raises SupportError."""
        if self.kind == "none" or bool(np.all((values == 0) | (values == 1))):
            return values
        if values.min() < 0 or values.max() > self.levels:
            raise SupportError(
                f"Binarising wants values from 0 to {self.levels:g}, as in training; got {values.min():g} to "
                f"{values.max():g}; bring the data to that scale."
            )
        return binarise_fixed(values, self.levels, self.seed)

    def expected(self, values: np.ndarray) -> np.ndarray:
        """The mean of the rows that the model sees."""
        return values.mean(axis=0, dtype=np.float64) / self.levels


NOT_BINARISED = Binarisation("none", 1.0, 0)
"""Values stay as they are."""


def fills_bytes(values: np.ndarray, *, white: int = 255) -> bool:
    """Whether whole numbers from 0 up look like grey levels from 0 to `white`, of which many are bright."""
    middle = (white + 1) / 2
    return bool(middle <= values.max() <= white and np.mean(values[values > 0] >= middle) >= SHARE_ABOVE_IT)


def grey_levels(values: np.ndarray) -> int:
    """The value that stands for white: 255 or 65535 for greys of 8 or 16 bits, 1 for fractions, else the maximum.

    Whole numbers whose maximum is in the upper half of such a scale are its greys; below they are counts, such as the
    0 to 16 of the small digits.
    Raises SupportError where a value is negative, or neither whole nor at most 1.

    >>> grey_levels(np.array([[0, 3, 16]], np.uint8)), grey_levels(np.array([[0.0, 0.4]]))
    (16, 1)
    """
    check_numeric(values, "the data")
    check_not_empty(values, "the data")
    _check_from_zero(values)
    largest = values.max()
    if largest > 1:
        _check_whole(values)
    return int(white_of(float(largest))) if largest > 1 else 1


def white_of(largest: float) -> float:
    """White on the scale whose largest value in some rows is `largest`: that of 8 or 16 bits, or itself.

    >>> white_of(242.0), white_of(40_000.0), white_of(16.0)
    (255.0, 65535.0, 16.0)
    """
    full = (white for white in GREYS if (white + 1) / 2 <= largest <= white)
    return float(next(full, largest))


def binarise_fixed(values: np.ndarray, levels: float | int, seed: int) -> np.ndarray:
    """One draw of 0 or 1 for each cell, 1 with chance value / levels; the same for the same seed.

    Raises SupportError where a value lies outside 0 to `levels`.

    >>> binarise_fixed(np.array([[0, 255]], np.uint8), 255, seed=0)
    array([[0, 1]], dtype=uint8)
    """
    if not 0 < levels < np.inf:
        raise OptionError(f"Wanted a positive number of grey levels; got {levels}; pass `grey_levels(values)`.")
    check_numeric(values, "the data")
    _check_from_zero(values)
    _refuse_first(values > levels, values, f"values from 0 to {levels}")
    draw = generator(seed)
    binary = np.empty(values.shape, np.uint8)
    step = max(1, _CHUNK // max(1, values.shape[-1]))
    for start in range(0, len(values), step):
        chunk = values[start : start + step]
        # A uniform draw lies in [0, 1), so white is always drawn white and black always black.
        binary[start : start + step] = draw.random(chunk.shape) < chunk / levels
    return binary


def _check_from_zero(values: np.ndarray) -> None:
    if values.dtype.kind not in "bu":
        _refuse_first(~(values >= 0), values, "grey levels from 0 up")


def _check_whole(values: np.ndarray) -> None:
    if values.dtype.kind == "f":
        _refuse_first(values != np.floor(values), values, "whole grey levels, or fractions from 0 to 1")


def _refuse_first(wrong: np.ndarray, values: np.ndarray, wanted: str) -> None:
    if wrong.any():
        cell = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        raise SupportError(
            f"Wanted {wanted}; got {values[cell]} in {place(int(cell[0]), int(cell[-1]))}; rescale the data."
        )
