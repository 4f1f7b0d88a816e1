"""Changes of scale after which numbers are nearly Gaussian, by name."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from taut.numerics.logarithms import NEAREST_END, inside, log_odds

Numbers = Float[np.ndarray, "*shape"]


class Form(NamedTuple):
    """A change of scale: `exact` for numbers that have one, `safe` for any number on the device, where it is finite."""

    exact: Callable[[Numbers], Numbers]
    safe: Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]]


def log_odds_of(shares: Numbers) -> Numbers:
    """Log-odds of shares, read no nearer to their ends than a model can.

    >>> log_odds_of(np.array([0.5])).tolist()
    [0.0]
    """
    shares = np.clip(shares, NEAREST_END, 1.0 - NEAREST_END)
    return np.log(shares) - np.log1p(-shares)


FORMS: dict[str, Form] = {
    "as it is": Form(lambda x: x, lambda x: x),
    "log": Form(np.log, lambda x: jnp.log(jnp.maximum(x, 1e-30))),
    "log1p": Form(np.log1p, lambda x: jnp.log1p(jnp.maximum(x, 0.0))),
    "log-odds": Form(log_odds_of, lambda x: log_odds(inside(x))),
}
"""Scales on which a column may be modelled, by name."""
