"""Synthetic sets follow their truth."""

import numpy as np
import pytest

from taut import datasets
from taut.errors import OptionError
from tests.data.sentences import refused


def test_mean_and_covariance_are_the_announced_ones():
    n, noise = 100_000, 0.5
    rows, weight, offset = datasets.linear_gaussian(n, 4, 2, noise=noise, seed=1)
    covariance = weight @ weight.T + noise**2 * np.eye(4)
    variances = np.diag(covariance)
    mean_error = np.sqrt(variances / n)
    assert (np.abs(rows.mean(axis=0) - offset) < 5 * mean_error).all()
    covariance_error = np.sqrt((np.outer(variances, variances) + covariance**2) / n)
    assert (np.abs(np.cov(rows.T) - covariance) < 5 * covariance_error).all()


def test_the_same_seed_gives_the_same_set():
    for first, second in zip(
        datasets.linear_gaussian(5, 3, 2, noise=1, seed=0),
        datasets.linear_gaussian(5, 3, 2, noise=1, seed=0),
        strict=True,
    ):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("word", ["n", "features", "latents"])
def test_sizes_below_one(word):
    sizes = {"n": 5, "features": 3, "latents": 2, word: 0}
    with refused(OptionError, f"`{word}`", "0"):
        datasets.linear_gaussian(**sizes, noise=1.0, seed=0)


@pytest.mark.parametrize("noise", [0, -1.0, float("nan"), float("inf")])
def test_noise_that_makes_no_sense(noise):
    with refused(OptionError, "`noise`", str(noise)):
        datasets.linear_gaussian(5, 3, 2, noise=noise, seed=0)


def test_cells_of_one_type_have_the_announced_variance_and_dropout():
    """E[c (c − 1)] / E[c]² of a negative binomial with a log-normal size, set to zero with the chance `lost`."""
    r, lost, spread = 2.0, 0.3, 0.3
    counts, _ = datasets.cells(20_000, 8, 1, dispersion=r, dropout=lost, seed=3)
    counts = counts[:, counts.mean(axis=0) > 0.2]  # of rare genes the moments are not normal
    assert counts.shape[1] >= 3
    expected = (1 + 1 / r) * np.exp(spread**2) / (1 - lost)
    parts = counts.reshape(20, 1000, -1)
    found = (parts * (parts - 1)).mean(axis=1) / parts.mean(axis=1) ** 2
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - expected) < 5 * error).all()


def test_types_of_cells_differ():
    counts, labels = datasets.cells(300, 40, 2, seed=0)
    first, second = (counts[labels == label].mean(axis=0) for label in (0, 1))
    assert 2 < np.sum(np.maximum(first, second) > 2 * np.minimum(first, second)) < 38


@pytest.mark.parametrize(
    ("word", "value"), [("genes", 0), ("types", 0), ("dispersion", 0.0), ("dropout", 1.0), ("dropout", float("nan"))]
)
def test_cells_that_make_no_sense(word, value):
    with refused(OptionError, f"`{word}`", str(value)):
        datasets.cells(**{"n": 5, "genes": 3, "types": 2, "seed": 0, word: value})
