"""Skewness and kurtosis of numbers of any size and place."""

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Shaped

from taut.data.arrow import functions
from taut.data.units import differences

# That of a double exponential is 3.
HEAVY_TAIL_KURTOSIS = 6.0


def skewness(values: Shaped[np.ndarray, "n"]) -> float:
    """E[(x − μ)³]/σ³; 0 where nothing varies.

    >>> skewness(np.array([0.0, 0.0, 3.0]))
    0.7071
    """
    return _moment("skew", values)


def excess_kurtosis(values: Shaped[np.ndarray, "n"]) -> float:
    """E[(x − μ)⁴]/σ⁴ − 3, which is 0 for a Gaussian; 0 where nothing varies.

    >>> excess_kurtosis(np.array([-1e300, 1e300]))
    -2.0
    """
    return _moment("kurtosis", values)


def _moment(name: str, values: Shaped[np.ndarray, "n"]) -> float:
    scaled = _scaled(values)
    return 0.0 if scaled is None else float(getattr(functions, name)(pa.array(scaled)).as_py())


def _scaled(values: Shaped[np.ndarray, "n"]) -> Float[np.ndarray, "n"] | None:
    """From near the middle and in units of the width, where no power overflows and no digit is lost."""
    moved = differences(values, float(np.median(values)))
    width = np.abs(moved).max()
    return moved / width if width > 0 else None
