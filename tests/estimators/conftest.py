import jax
import pytest

import taut


@pytest.fixture(scope="session")
def digits():
    return taut.datasets.digits()


@pytest.fixture(scope="session")
def vae(digits):
    return taut.VAE(latent_dim=3, hidden=(16,), max_epochs=4, random_state=0, verbose=False).fit(digits[0])


@pytest.fixture(scope="module")
def little_compilation():
    """For modules that fit many small models once each, where compiling well takes longer than running badly."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)
