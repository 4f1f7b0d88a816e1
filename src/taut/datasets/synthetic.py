"""Synthetic sets whose truth is known."""

import numpy as np

from taut.data import generator
from taut.errors import OptionError


def linear_gaussian(
    n: int, features: int, latents: int, *, noise: float | int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows x = W z + b + noise · e with z and e standard normal: `(data, weight, offset)`, float64.

    `data` is (n, features), `weight` W is (features, latents) and `offset` b is (features,), so each row is
    normal with mean b and covariance W Wᵀ + noise² I. Raises OptionError for sizes below 1 or noise not above 0.

    >>> data, weight, offset = linear_gaussian(100, 5, 2, noise=0.1, seed=0)
    >>> data.shape, weight.shape, offset.shape
    ((100, 5), (5, 2), (5,))
    """
    for word, size in (("n", n), ("features", features), ("latents", latents)):
        if size < 1:
            raise OptionError(f"Wanted `{word}` of at least 1; got {size}; choose a larger one.")
    if not 0 < noise < np.inf:
        raise OptionError(f"Wanted a finite `noise` above 0; got {noise}; choose one, such as 0.1.")
    draw = generator(seed)
    weight, offset = draw.normal(size=(features, latents)), draw.normal(size=features)
    latent, error = draw.normal(size=(n, latents)), draw.normal(size=(n, features))
    return latent @ weight.T + offset + noise * error, weight, offset
