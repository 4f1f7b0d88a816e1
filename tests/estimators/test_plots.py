"""The pictures of a fit, held against what `transform` and `reconstruct` give."""

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.decomposition import PCA

from taut import TautError
from taut.data import Table

WHITE = 16  # of the digits


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


@pytest.fixture
def ax():
    return pyplot.subplots()[1]


def test_a_map_of_three_latents_is_of_their_principal_components(vae, digits, ax):
    rows, labels = digits[1], np.arange(len(digits[1])) % 3
    assert vae.plot.latent_map(rows, labels, ax=ax) is ax
    expected = PCA(2).fit_transform(vae.transform(rows).astype(np.float64))
    drawn = np.vstack([group.get_offsets() for group in reversed(ax.collections)])
    ordered = np.vstack([expected[labels == label] for label in range(3)])
    np.testing.assert_allclose(np.abs(drawn), np.abs(ordered), rtol=2e-3, atol=2e-3)


def test_images_are_those_of_reconstruct(vae, digits, ax):
    rows = digits[1][:3]
    vae.plot.reconstructions(rows, n=2, ax=ax)
    pixels = ax.images[0].get_array()
    assert pixels.shape == (8 + 1 + 8, 8 + 1 + 8, 4)
    np.testing.assert_array_equal(pixels[:8, :8, 0], levels(rows[0]))
    np.testing.assert_allclose(pixels[9:, 9:, 0], levels(vae.reconstruct(rows)[1]), atol=1)


def test_samples_are_those_of_sample(vae, ax):
    vae.plot.samples(2, seed=3, ax=ax)
    pixels = ax.images[0].get_array()
    first, second = vae.sample(2, seed=3, mean=True)
    np.testing.assert_allclose(pixels[:8, :8, 0], levels(first), atol=1)
    np.testing.assert_allclose(pixels[:8, 9:, 0], levels(second), atol=1)


def levels(row) -> np.ndarray:
    return np.round(255 * np.asarray(row, np.float64) / WHITE).reshape(8, 8)


def test_training_is_the_history(vae, ax):
    vae.plot.training(ax=ax)
    of_training, of_held_out = ax.lines
    assert of_training.get_ydata().tolist() == [row.train for row in vae.history_]
    assert of_held_out.get_ydata().tolist() == [row.held_out for row in vae.history_]


def test_what_cannot_be_drawn_is_said_in_one_sentence(vae, digits):
    with pytest.raises(TautError, match=r"^One label is wanted for each of the 5 rows; got 4; pass as many\.$"):
        vae.plot.latent_map(digits[1][:5], labels=[1, 2, 3, 4])
    with pytest.raises(TautError, match="narrow has 3 features"):
        vae.plot.latent_map(Table(values=np.zeros((5, 3), np.uint8), name="narrow"))
    with pytest.raises(TautError, match="At least one sample is wanted; got -1"):
        vae.plot.samples(-1)
