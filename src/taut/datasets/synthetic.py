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
    _check_sizes(n=n, features=features, latents=latents)
    if not 0 < noise < np.inf:
        raise OptionError(f"Wanted a finite `noise` above 0; got {noise}; choose one, such as 0.1.")
    draw = generator(seed)
    weight, offset = draw.normal(size=(features, latents)), draw.normal(size=features)
    latent, error = draw.normal(size=(n, latents)), draw.normal(size=(n, features))
    return latent @ weight.T + offset + noise * error, weight, offset


def cells(
    n: int, genes: int, types: int, *, dispersion: float = 2.0, dropout: float = 0.0, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of molecules in cells of several types, as a sequencer would see them: `(counts, labels)`, int64.

        count ~ NegativeBinomial(mean = size · exp(base_gene + shift_gene,type), variance = mean + mean² / dispersion)

    `counts` is (n, genes), `labels` is (n,) from 0 to types − 1. Each cell has a size, log-normal about 1. In each
    type a quarter of the genes are shifted. `dropout` is the chance that a count is lost and becomes 0. Raises
    OptionError for sizes below 1, a `dispersion` not above 0, or a `dropout` outside [0, 1).

    >>> counts, labels = cells(100, 20, 3, seed=0)
    >>> counts.shape, sorted({*labels.tolist()})
    ((100, 20), [0, 1, 2])
    """
    _check_sizes(n=n, genes=genes, types=types)
    if not 0 < dispersion < np.inf:
        raise OptionError(f"Wanted a finite `dispersion` above 0; got {dispersion}; choose one, such as 2.")
    if not 0 <= dropout < 1:
        raise OptionError(f"Wanted a `dropout` from 0 to below 1; got {dropout}; choose one, such as 0.2.")
    draw = generator(seed)
    labels = draw.integers(types, size=n)
    shifts = 1.5 * draw.normal(size=(types, genes)) * (draw.random((types, genes)) < 0.25)
    means = draw.lognormal(0.0, 0.3, size=(n, 1)) * np.exp(draw.normal(size=genes) + shifts[labels])
    counts = draw.poisson(means * draw.gamma(dispersion, 1.0 / dispersion, size=means.shape))
    return np.where(draw.random(counts.shape) < dropout, 0, counts), labels


def _check_sizes(**sizes: int) -> None:
    for word, size in sizes.items():
        if size < 1:
            raise OptionError(f"Wanted `{word}` of at least 1; got {size}; choose a larger one.")
