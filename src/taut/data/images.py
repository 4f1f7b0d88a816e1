"""Reading a folder of images: one row for each, in the order of their names, as grey levels."""

from pathlib import Path

import numpy as np
from PIL import Image

from taut.data.conversion import from_array
from taut.data.faults import decoding
from taut.data.table import Table
from taut.errors import DataError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
# Pillow would clip these to 255 if asked for 8 bits, so their own depth is kept.
_DEEP = ("I;16", "I;16B", "I;16L", "I", "F")


def read_images(folder: Path) -> Table:
    """A table with one row for each image of `folder`; subfolders and hidden files are left aside.

    Colours become grey levels, and the notes say for how many images. Raises DataError where there is no
    image, one is damaged, or two differ in size or depth.
    """
    paths = _image_paths(folder)
    first, _ = _read_one(paths[0])
    values = np.empty((len(paths), *first.shape), first.dtype)
    coloured = 0
    for number, path in enumerate(paths):
        pixels, lost = _read_one(path)
        _check_same(path, pixels, paths[0], first)
        values[number], coloured = pixels, coloured + lost
    notes = [f"Colour or transparency was dropped in {coloured} of {len(paths)} images."] if coloured else []
    return from_array(values, folder.name or str(folder), notes=notes)


def _image_paths(folder: Path) -> list[Path]:
    try:
        paths = [p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith(".")]
    except OSError as error:
        raise DataError(
            f"Wanted to list `{folder}`; the system said: {error.strerror or error}; change its permissions."
        ) from None
    if not paths:
        raise DataError(f"Wanted images ({', '.join(ENDINGS)}); the folder `{folder}` holds none; name another folder.")
    return sorted(paths, key=lambda path: path.name)


def _read_one(path: Path) -> tuple[np.ndarray, bool]:
    """Grey levels (height, width), and whether colour or transparency was lost on the way."""
    with decoding(path, "an image"), Image.open(path) as image:
        if image.mode in _DEEP:
            return np.array(image), False
        lost = image.mode not in ("L", "1") and _has_colour(image)
        return np.array(image.convert("L")), lost


def _has_colour(image: Image.Image) -> bool:
    red, green, blue, alpha = np.moveaxis(np.asarray(image.convert("RGBA")), -1, 0)
    return bool((red != green).any() or (green != blue).any() or (alpha != 255).any())


def _check_same(path: Path, pixels: np.ndarray, first_path: Path, first: np.ndarray) -> None:
    if pixels.shape != first.shape:
        raise DataError(
            f"Wanted images of one size; `{first_path.name}` is {_size(first)} and `{path.name}` is {_size(pixels)} "
            "pixels; resize them."
        )
    if pixels.dtype != first.dtype:
        raise DataError(
            f"Wanted images of one depth; `{first_path.name}` is {first.dtype} and `{path.name}` is {pixels.dtype}; "
            "convert them."
        )


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]} × {pixels.shape[0]}"
