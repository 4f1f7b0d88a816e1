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
