"""A folder of images in colour from the command line: fit, pictures, and images of another size for the run."""

import numpy as np
import pytest
from PIL import Image

import taut
from taut.record import Ledger
from tests.cli.commands import done, refused

NETWORKS = ("--encoder", "convolutional:3", "--decoder", "convolutional:3", "--latent-dim", 2)
FIT = (*NETWORKS, "--max-epochs", 1, "--batch-size", 8, "--likelihood", "logistic-mixture")


def painted(folder, colours, size):
    """One image for each colour, brighter to the right."""
    folder.mkdir(parents=True)
    ramp = np.broadcast_to(np.linspace(0.3, 1.0, size[1])[None, :, None], (*size, 1))
    for number, colour in enumerate(colours):
        Image.fromarray((ramp * colour).astype(np.uint8)).save(folder / f"{number:02d}.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place, draw = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    painted(place / "data" / "reds", draw.integers((190, 0, 0), 250, (10, 3)), (5, 4))
    painted(place / "data" / "blues", draw.integers((0, 0, 190), 250, (10, 3)), (10, 8))
    painted(place / "other", draw.integers((190, 0, 0), 250, (3, 3)), (7, 6))
    painted(place / "grey", np.repeat(draw.integers(100, 200, (3, 1)), 3, axis=1), (5, 4))
    return place


@pytest.fixture(scope="module")
def run(folder):
    done("fit", folder / "data", "--resize", "5,4", "--out", folder / "run", *FIT)
    return folder / "run"


def test_samples_and_reconstructions_are_pictures(folder, run):
    done("sample", run, "-n", 5, "--out", folder / "drawn.png")
    drawn = np.asarray(Image.open(folder / "drawn.png"))
    assert drawn.shape == (2 * 5 + 1, 3 * 4 + 2, 3)
    values = taut.load(run).sample(5)
    np.testing.assert_array_equal(drawn[:5, :4], values[0].reshape(5, 4, 3))
    done("sample", run, "-n", 5, "--mean", "--out", folder / "means.npy")
    means = np.load(folder / "means.npy")
    assert means.shape == (5, 60)
    assert np.corrcoef(means.ravel(), values.ravel())[0, 1] > 0.2  # of the same latents
    done("reconstruct", run, folder / "data", "--out", folder / "again.png")
    assert np.asarray(Image.open(folder / "again.png")).ndim == 3


@pytest.mark.parametrize("name", ["other", "grey"])
def test_later_images_are_brought_to_the_size_and_the_colours_of_the_fit(folder, run, name):
    ended = done("embed", run, folder / name, "--out", folder / f"{name}.npy")
    assert "3 images of 4 × 5 pixels were read (colour, 8 bits)." in ended.err
    assert np.load(folder / f"{name}.npy").shape == (3, 2)


@pytest.mark.slow
def test_the_page_of_an_audit_shows_colours(folder, run):
    done("audit", run, folder / "data", "--rows", 4, "--seconds", 20, "--out", folder / "audit")
    figures = Ledger.from_json(folder / "audit" / "ledger.json").figures
    assert figures.image_shape == (5, 4, 3)
    assert figures.latent_map.labels is not None
    assert "data:image/png" in (folder / "audit" / "report.html").read_text("utf-8")


def test_what_cannot_be_is_one_sentence(folder, run, tmp_path, finished):
    out = tmp_path / "run"
    assert "of one size; `blues/00.png` is 8 × 10" in refused("fit", folder / "data", "--out", out, *FIT)
    for size in ("5", "5,x", "0,4"):
        assert "--resize 32,32" in refused("fit", folder / "data", "--resize", size, "--out", out, *FIT)
    assert "wants a folder of images" in refused("fit", "digits", "--resize", "4,4", "--out", out, *FIT)
    assert "coder` wants images to be convolutional" in refused("fit", "penguins", "--out", out, *NETWORKS)
    assert "wants images" in refused("sample", finished, "-n", 2, "--out", tmp_path / "a.png")
