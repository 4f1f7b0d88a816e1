"""Folders of images."""

import numpy as np
import pytest
from PIL import Image

from taut import data
from taut.errors import DataError
from tests.data.sentences import refused


def picture(folder, name, pixels):
    Image.fromarray(np.asarray(pixels)).save(folder / name)


@pytest.fixture
def ramps():
    return np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_one_row_for_each_image_in_the_order_of_names(tmp_path, ramps):
    picture(tmp_path, "b.png", ramps[1])
    picture(tmp_path, "a.bmp", ramps[0])
    picture(tmp_path, ".hidden.png", ramps[0])
    (tmp_path / "notes.txt").write_text("no image")
    table = data.read(tmp_path)
    assert (table.image_shape, table.name, table.notes) == ((3, 4), tmp_path.name, [])
    np.testing.assert_array_equal(table.values, ramps.reshape(2, 12))


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "bmp", "gif", "tif", "webp"])
def test_every_ending(tmp_path, ramps, ending):
    picture(tmp_path, f"a.{ending}", ramps[0])
    assert data.read(tmp_path).values.shape == (1, 12)


def test_colour_becomes_grey_and_is_noted(tmp_path, ramps):
    red = np.zeros((3, 4, 3), np.uint8)
    red[..., 0] = 200
    picture(tmp_path, "a.png", red)
    picture(tmp_path, "b.png", np.stack([ramps[0]] * 3, -1))
    table = data.read(tmp_path)
    assert table.notes == ["Colour or transparency was dropped in 1 of 2 images."]
    np.testing.assert_array_equal(table.values[1], ramps[0].ravel())


def test_sixteen_bits_are_not_clipped(tmp_path):
    deep = np.array([[0, 1000], [40000, 65535]], np.uint16)
    picture(tmp_path, "a.png", deep)
    np.testing.assert_array_equal(data.read(tmp_path).values, deep.reshape(1, 4))


def test_mixed_sizes_name_both_files(tmp_path, ramps):
    picture(tmp_path, "a.png", ramps[0])
    picture(tmp_path, "b.png", ramps[0].T)
    with refused(DataError, "`a.png` is 4 × 3", "`b.png` is 3 × 4"):
        data.read(tmp_path)


def test_mixed_depths_name_both_files(tmp_path, ramps):
    picture(tmp_path, "a.png", ramps[0])
    picture(tmp_path, "b.png", ramps[0].astype(np.uint16))
    with refused(DataError, "`a.png` is uint8", "`b.png` is uint16"):
        data.read(tmp_path)


def test_a_damaged_image_is_named(tmp_path, ramps):
    picture(tmp_path, "a.png", ramps[0])
    picture(tmp_path, "b.png", np.random.default_rng(0).integers(0, 256, (3, 4)).astype(np.uint8))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:50])
    with refused(DataError, "b.png", "damaged"):
        data.read(tmp_path)


def test_a_folder_without_images(tmp_path):
    with refused(DataError, str(tmp_path), "holds none"):
        data.read(tmp_path)
