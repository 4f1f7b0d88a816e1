"""Folders of folders of images: the folder is the label."""

import numpy as np
import pytest
from PIL import Image

import taut
from taut import data
from taut.errors import DataError
from tests.data.sentences import refused

PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4)


def save(folder, *names, pixels=PIXELS):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


def test_the_class_is_the_label(tmp_path):
    save(tmp_path, "dogs/0.png", "cats/1.png", "cats/0.bmp")
    table = taut.datasets.load(tmp_path)
    assert table.labels.tolist() == ["cats", "cats", "dogs"]
    assert table.values.shape == (3, 12)
    assert table.notes[0] == "The folders of the images are their labels, 2 of them: cats, dogs."


def test_what_is_no_image_is_left_aside(tmp_path):
    save(tmp_path, "cats/0.png", "cats/.1.png", ".cache/0.png", "__MACOSX/0.png")
    (tmp_path / "birds").mkdir()
    (tmp_path / "readme.txt").write_text("no image")
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    table = data.read(tmp_path)
    assert table.labels.tolist() == ["cats"]
    assert table.notes[1] == "Folders without images were left out: birds."


def test_deeper_folders_keep_what_tells_them_apart(tmp_path):
    save(tmp_path, "photos/cats/0.png", "photos/dogs/small/0.png", "photos/dogs/1.png")
    assert data.read(tmp_path).labels.tolist() == ["cats", "dogs", "dogs/small"]


def test_images_beside_folders_are_those_that_are_read(tmp_path):
    save(tmp_path, "0.png", "cats/0.png")
    table = data.read(tmp_path)
    assert table.labels is None
    assert table.notes[0] == "Folders inside it were left aside: cats."


def test_sizes_are_compared_across_classes(tmp_path):
    save(tmp_path, "cats/0.png")
    save(tmp_path, "dogs/0.png", pixels=PIXELS.T)
    with refused(DataError, "`cats/0.png` is 4 × 3", "`dogs/0.png` is 3 × 4"):
        data.read(tmp_path)


def test_folders_of_nothing(tmp_path):
    (tmp_path / "cats").mkdir()
    with refused(DataError, "holds none"):
        data.read(tmp_path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_grey_in_every_usual_mode_is_grey(tmp_path, mode):
    grey = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8))
    ending = {"CMYK": "tif", "YCbCr": "tif", "HSV": "tif"}.get(mode, "png")
    image = grey.convert("RGB").convert(mode) if mode != "1" else grey.convert("1")
    (image.convert("RGB") if mode == "HSV" else image).save(tmp_path / f"a.{ending}")
    np.testing.assert_array_equal(data.read(tmp_path).values, [[0, 255, 255, 0]])


def test_other_modes_are_as_people_see_them(tmp_path):
    Image.new("LAB", (2, 2), (255, 0, 0)).save(tmp_path / "a.tif")
    assert data.read(tmp_path).values.mean() > 150


def test_of_several_frames_the_first_is_read_and_said(tmp_path):
    frames = [Image.fromarray(np.full((2, 2), level, np.uint8)) for level in (10, 200)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    table = data.read(tmp_path)
    assert table.values.tolist() == [[10, 10, 10, 10]]
    assert table.notes[1:] == ["Of 1 images with several frames the first one was read."]


@pytest.mark.parametrize("side", [9_000, 10_000, 40_000])
def test_an_image_that_claims_to_be_enormous_is_not_opened_further(tmp_path, side):
    save(tmp_path, "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = side.to_bytes(4, "big") * 2
    (tmp_path / "b.png").write_bytes(bytes(content))
    with refused(DataError, "b.png"):
        data.read(tmp_path)
