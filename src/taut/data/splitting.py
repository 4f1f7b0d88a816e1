"""Which rows train and which are held out."""

import numpy as np

from taut.data.randomness import generator
from taut.errors import OptionError


def split(n: int, fraction: float | int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers `(train, held_out)` of n rows, each sorted, together every row once.

    A `fraction` above 0 holds out at least one row. Raises OptionError where the fraction lies outside
    [0, 1) or leaves no row to train on.

    >>> train, held_out = split(10, 0.2, seed=0)
    >>> len(train), len(held_out)
    (8, 2)
    """
    if not 0 <= fraction < 1:
        raise OptionError(f"Wanted a held-out fraction from 0 to below 1; got {fraction}; choose one, such as 0.1.")
    held = max(1, round(fraction * n)) if fraction > 0 else 0
    if held >= n:
        raise OptionError(f"Holding out {held} of {n} rows leaves none to train on; hold out less or give more rows.")
    order = generator(seed).permutation(n).astype(np.int64)
    return np.sort(order[held:]), np.sort(order[:held])
