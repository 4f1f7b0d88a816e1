"""Rows of images as one picture, for people to look at."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from jaxtyping import Num, UInt8

from taut.data.schema import Schema
from taut.errors import OptionError
from taut.files import written_whole

# Between two images, in pixels; light enough to tell from a dark edge, dark enough to tell from a light one.
_GAP, _GAP_LEVEL = 1, 128


def check_picturable(schema: Schema) -> None:
    """Raise OptionError where the rows are no images."""
    if schema.image_shape is None:
        raise OptionError("A picture wants images; the rows of this run are none; write .csv, .parquet, .npy or .npz.")


def write_picture(values: Num[np.ndarray, "n entries"], schema: Schema, path: Path) -> None:
    """The images of rows side by side in a .png, row by row, about as many across as down.

    Values are in the units of the data; black and white are those of the scale. Raises as `check_picturable`.
    """
    from PIL import Image  # noqa: PLC0415  only pictures need it

    check_picturable(schema)
    field, shape = schema.one_block, schema.image_shape
    assert shape is not None
    assert field is not None
    assert field.block is not None
    black, white = field.block.black_and_white
    shares = np.nan_to_num((np.asarray(values, np.float64) - black) / max(white - black, np.finfo(float).tiny))
    levels = np.round(255 * np.clip(shares, 0, 1)).astype(np.uint8)
    with written_whole(path) as temporary:
        Image.fromarray(tiled(levels.reshape(-1, *shape))).save(temporary, "PNG", optimize=True)


def tiled(images: UInt8[np.ndarray, "n height width *channels"]) -> UInt8[np.ndarray, "rows columns *channels"]:
    """Images on a grid, from the left, then downwards.

    >>> tiled(np.zeros((3, 2, 2), np.uint8)).tolist()
    [[0, 0, 128, 0, 0], [0, 0, 128, 0, 0], [128, 128, 128, 128, 128], [0, 0, 128, 128, 128], [0, 0, 128, 128, 128]]
    """
    count, height, width = images.shape[:3]
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    size = (down * (height + _GAP) - _GAP, across * (width + _GAP) - _GAP)
    sheet = np.full((*size, *images.shape[3:]), _GAP_LEVEL, np.uint8)
    for number, image in enumerate(images):
        top, left = (number // across) * (height + _GAP), (number % across) * (width + _GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet
