"""Folders of images."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from taut import data, datasets
from taut.errors import DataError, OptionError
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
    assert (table.image_shape, table.name) == ((3, 4), tmp_path.name)
    assert table.notes == ["2 images of 4 × 3 pixels were read (grey, 8 bits)."]
    np.testing.assert_array_equal(table.values, ramps.reshape(2, 12))


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "bmp", "gif", "tif", "webp"])
def test_every_ending(tmp_path, ramps, ending):
    picture(tmp_path, f"a.{ending}", ramps[0])
    assert data.read(tmp_path).values.shape == (1, 12)


@pytest.mark.parametrize("grey_first", [True, False])
def test_one_image_in_colour_makes_all_of_them_colour(tmp_path, ramps, grey_first):
    red = np.zeros((3, 4, 4), np.uint8)
    red[..., 0], red[1:, :, 3] = 200, 255
    picture(tmp_path, "b.png", red)
    picture(tmp_path, "a.png" if grey_first else "c.png", np.stack([ramps[0]] * 3, -1))
    table = data.read(tmp_path)
    assert table.image_shape == (3, 4, 3)
    assert table.notes == [
        "2 images of 4 × 3 pixels were read (colour, 8 bits).",
        "1 of 2 images are grey, and were read as colour like the others.",
        "Transparency was dropped in 1 of 2 images.",
    ]
    rows = table.values[::-1] if grey_first else table.values
    np.testing.assert_array_equal(rows, [red[..., :3].ravel(), np.repeat(ramps[0].ravel(), 3)])


def test_a_folder_of_grey_images_may_be_read_as_colour(tmp_path, ramps):
    picture(tmp_path, "a.png", ramps[0])
    table = data.read(tmp_path, colour=True)
    np.testing.assert_array_equal(table.values, [np.repeat(ramps[0].ravel(), 3)])


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_of_colour_are_all_kept(tmp_path, channels):
    deep = np.random.default_rng(0).integers(0, 65536, (3, 4, channels)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(deep_png(deep))
    table = data.read(tmp_path)
    assert (table.values.dtype, table.image_shape) == (np.uint16, (3, 4, 3))
    np.testing.assert_array_equal(table.values, deep[..., :3].reshape(1, -1))


def deep_png(pixels):
    """The bytes of a .png of 16 bits a colour, which Pillow does not write."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width, channels = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def test_images_are_brought_to_one_size(tmp_path, ramps):
    picture(tmp_path, "a.png", np.repeat(np.repeat(ramps[0], 2, axis=0), 2, axis=1))
    picture(tmp_path, "b.png", np.full((5, 9, 3), (10, 20, 30), np.uint8))
    table = data.read(tmp_path, resize=(3, 4))
    assert (table.image_shape, table.resized) == ((3, 4, 3), True)
    assert "2 of 2 images were resized; 1 of them had other proportions." in table.notes
    assert np.abs(table.values[0].astype(int) - np.repeat(ramps[0].ravel(), 3)).max() <= 2
    np.testing.assert_array_equal(table.values[1], np.tile([10, 20, 30], 12))


def test_only_images_are_resized(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    for source in (tmp_path / "a.npy", "digits"):
        with refused(OptionError, "`resize` wants a folder of images", "leave it out"):
            datasets.load(source, resize=(2, 2))


def test_sixteen_bits_are_not_clipped(tmp_path):
    deep = np.array([[0, 1000], [40000, 65535]], np.uint16)
    picture(tmp_path, "a.png", deep)
    np.testing.assert_array_equal(data.read(tmp_path).values, deep.reshape(1, 4))


def test_mixed_sizes_name_both_files(tmp_path, ramps):
    picture(tmp_path, "a.png", ramps[0])
    picture(tmp_path, "b.png", ramps[0].T)
    with refused(DataError, "`a.png` is 4 × 3", "`b.png` is 3 × 4", "--resize 3,4"):
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
