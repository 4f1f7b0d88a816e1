import pytest

import taut


@pytest.fixture(scope="session")
def digits():
    return taut.datasets.digits()


@pytest.fixture(scope="session")
def vae(digits):
    return taut.VAE(latent_dim=3, hidden=(16,), max_epochs=4, random_state=0, verbose=False).fit(digits[0])
