"""Where zero lies and how long a unit is, for numbers that a model sees in single precision.

    coded = (x − offset) / unit,    log p(x) = log p(coded) − log unit

Both are worked out, subtracted and divided in double precision, so that numbers of any size and place keep the digits
in which they differ. A model of the coded numbers is the same whatever the unit and the zero of the data.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num, Shaped

# Single precision tells numbers apart to about 1e-7 of the largest; with this share of the unit a few steps are left.
FINEST = 1e-6
_EXACT, _HALF_OF_INT64 = 2.0**53, 2.0**62


class Scale(NamedTuple):
    """A place near the middle of some numbers, and a unit of about their spread."""

    offset: float = 0.0
    unit: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Units:
    """The offset and unit of each column of a block of real numbers."""

    offsets: tuple[float, ...]
    units: tuple[float, ...]

    def code(self, values: Num[np.ndarray, "n features"]) -> Float[np.ndarray, "n features"]:
        """(x − offset)/unit."""
        return differences(values, np.array(self.offsets)) / np.array(self.units)

    def restore(self, coded: Num[np.ndarray, "n features"]) -> Float[np.ndarray, "n features"]:
        """The numbers that these stand for."""
        return np.asarray(coded, np.float64) * np.array(self.units) + np.array(self.offsets)


def scale_of(values: Shaped[np.ndarray, "n"]) -> Scale:
    """The mean of the middle half as offset, which no outlier moves, and the standard deviation as unit, or 1 for 0.

    Nothing overflows for numbers up to 1e300, and integers keep every digit. The offset of whole numbers lies between
    two of them.

    >>> scale_of(np.array([2**60 + 1, 2**60 + 3], np.int64))
    Scale(offset=1.152921504606847e+18, unit=1.0)
    >>> scale_of(np.array([1e200, 3e200]))
    Scale(offset=2e+200, unit=1e+200)
    """
    ordered = np.sort(values.astype(np.uint8) if values.dtype == bool else values)
    cut = len(ordered) // 4
    near = float(ordered[len(ordered) // 2])
    offset = near + float(differences(ordered[cut : len(ordered) - cut], near).mean())
    if np.all(ordered == np.floor(ordered)):
        offset = np.floor(offset) + 0.5
    return Scale(float(offset), _deviation(differences(values, offset)) or 1.0)


def units_of(values: Num[np.ndarray, "n features"], *, common: bool = False, natural: bool = False) -> Units:
    """The scale of each column; a column that never moves has the typical unit.

    With `common` all columns have the root of the mean square of their units, with `natural` the units of the data.
    """
    scales = [scale_of(column) for column in values.T]
    moved = (differences(column, scale.offset) for column, scale in zip(values.T, scales, strict=True))
    spreads = np.array([_deviation(each) for each in moved])
    largest = spreads.max() or 1.0
    typical = float(largest * np.sqrt(np.mean((spreads / largest) ** 2))) or 1.0
    units = np.where(spreads > 0, spreads, typical)
    units = np.ones_like(units) if natural else np.full_like(units, typical) if common else units
    return Units(offsets=tuple(scale.offset for scale in scales), units=tuple(units.tolist()))


def differences(values: Shaped[np.ndarray, "*shape"], offset: np.ndarray | float) -> Float[np.ndarray, "*shape"]:
    """values − offset in double precision; of integers without losing a digit.

    >>> differences(np.array([2**62 + 1, 2**62 + 2], np.int64), 2.0**62).tolist()
    [1.0, 2.0]
    """
    floats = values.astype(np.float64) - offset
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8:
        return floats
    whole = np.floor(np.asarray(offset, np.float64))
    # Differences of integers are right modulo 2^64, whatever lies between; if that is much, floats lose nothing.
    exact = (values.view(np.uint64) - _modulo(np.atleast_1d(whole))).view(np.int64).astype(np.float64) - (
        offset - whole
    )
    # Elsewhere both are exact but for the last bit, which shall be the same for integers and for floats.
    return np.where((np.abs(floats) < _HALF_OF_INT64) & (np.abs(values.astype(np.float64)) >= _EXACT), exact, floats)


def too_close(coded: Float[np.ndarray, "n"]) -> bool:
    """Whether half of the distinct numbers are one number in single precision, so far away is another.

    >>> too_close(np.array([0.0, 1e-9, 2e-9, 3e-9, 4e-9, 1.0])), too_close(np.array([0.0, 1.0]))
    (True, False)
    """
    quarter, three = np.quantile(np.unique(coded), [0.25, 0.75])
    return bool(three - quarter < FINEST)


def _deviation(moved: Float[np.ndarray, "n"]) -> float:
    # Scaled first, because squares of huge numbers overflow and those of tiny ones vanish.
    largest = float(np.abs(moved).max())
    return float(largest * np.std(moved / largest)) if largest > 0 else 0.0


def _modulo(whole: np.ndarray) -> np.ndarray:
    return np.array([int(number) % 2**64 for number in whole.ravel()], np.uint64).reshape(whole.shape)
