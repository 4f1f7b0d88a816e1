"""Seeds for numpy, where data are split or drawn before any model exists."""

import numpy as np

from taut.errors import OptionError


def generator(seed: int) -> np.random.Generator:
    """A generator of numpy's PCG64, the same numbers for the same seed.

    Raises OptionError for a seed that is no whole number from 0 up.
    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise OptionError(f"Wanted a seed that is a whole number from 0 up; got {seed!r}; choose one, such as 0.")
    return np.random.Generator(np.random.PCG64(int(seed)))
