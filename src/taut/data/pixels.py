"""One image of a file as an array of levels: grey or in colour, with 8 or 16 bits."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Num, UInt
from PIL import Image

from taut.data.read_errors import decoding
from taut.errors import DataError

# Pillow would clip these to 255 if asked for 8 bits, so their own depth is kept.
_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
# A file of a few bytes may say that it is larger than any memory.
_MOST_PIXELS = 2**24
# What files of the endings that are read may hold: Pillow knows more, some of which start other programs.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")


class Pixels(NamedTuple):
    """Levels (height, width), or (height, width, 3) of red, green and blue; and what was left of the file."""

    levels: Num[np.ndarray, "height width *channels"]
    transparent: bool = False
    frames: bool = False

    @property
    def size(self) -> str:
        """Width × height, as people say it."""
        return size_of(self.levels.shape)


def size_of(shape: tuple[int, ...]) -> str:
    """The size of an image of (height, width) or (height, width, channels).

    >>> size_of((3, 4, 3))
    '4 × 3'
    """
    return f"{shape[1]} × {shape[0]}"


def read_pixels(path: Path, name: str) -> Pixels:
    """The first frame of a file, its transparency dropped; grey where red, green and blue are equal everywhere.

    Raises DataError, calling the file `name`, where it is damaged or too large.
    """
    with decoding(path, "an image"), _opened(path, name) as image:
        frames = _has_several_frames(image)
        if image.mode in _DEEP:
            return Pixels(np.array(image), frames=frames)
        if image.mode in ("L", "1"):
            return Pixels(np.array(image.convert("L")), frames=frames)
        levels = _deep_colours(path, name) if _is_deep_colour(image) else np.asarray(image.convert("RGBA"))
        colour, alpha = levels[..., :3], levels[..., 3:]
        grey = bool((colour == colour[..., :1]).all())
        opaque = bool((alpha == np.iinfo(levels.dtype).max).all())
        return Pixels(np.array(colour[..., 0] if grey else colour), transparent=not opaque, frames=frames)


def resized(levels: Num[np.ndarray, "height width *channels"], size: tuple[int, int]) -> np.ndarray:
    """An image brought to (height, width), each new pixel a weighted mean of those that it covers.

    >>> resized(np.array([[0, 100], [50, 250]], np.uint8), (1, 1)).tolist()
    [[100]]
    """
    if levels.shape[:2] == size:
        return levels
    planes = [
        np.asarray(Image.fromarray(plane.astype(np.float32)).resize((size[1], size[0]), Image.Resampling.BILINEAR))
        for plane in np.moveaxis(levels.reshape(*levels.shape[:2], -1), -1, 0)
    ]
    found = np.stack(planes, -1).reshape(*size, *levels.shape[2:])
    return (found if levels.dtype.kind == "f" else np.round(found)).astype(levels.dtype)


@contextlib.contextmanager
def _opened(path: Path, name: str) -> Iterator[Image.Image]:
    """The image, unless it says that it is enormous; what Pillow warns of is no concern of a reader of tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # From memory: of a file, as many bytes are made room for as a part of it says that it has, up to 4 GB.
            image = Image.open(io.BytesIO(path.read_bytes()), formats=_FORMATS)
        except Image.DecompressionBombError:
            raise _too_large(name) from None
        with image:
            if image.width * image.height > _MOST_PIXELS:
                raise _too_large(name)
            yield image


def _too_large(name: str) -> DataError:
    return DataError(
        f"Wanted images of at most {_MOST_PIXELS // 10**6} million pixels; `{name}` says it has more; shrink them."
    )


def _has_several_frames(image: Image.Image) -> bool:
    """Whether there is a second frame; they are not counted, since there may be millions."""
    try:
        image.seek(1)
    except (EOFError, OSError, ValueError, SyntaxError):
        return False
    image.seek(0)
    return True


# How Pillow names the bytes of 16-bit colours in a file: with the larger byte first, or last.
_ORDERS = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L", "RGB;16L": "RGB;16B", "RGBA;16L": "RGBA;16B"}


def _is_deep_colour(image: Any) -> bool:
    tiles = getattr(image, "tile", [])
    return bool(tiles) and all(_order(tile) in _ORDERS for tile in tiles)


def _order(tile: Any) -> Any:
    """The name of the order of bytes, where the file's kind has one: the first of several words, or the only one."""
    return tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args


def _deep_colours(path: Path, name: str) -> UInt[np.ndarray, "height width 4"]:
    """All 16 bits of red, green, blue and alpha.

    Pillow keeps the larger byte of a colour only; read as if the bytes stood in the other order, it keeps the smaller.
    """
    with _opened(path, name) as image:
        large = np.array(image, np.uint16)
    other: Any
    with _opened(path, name) as other:
        other.tile = [tile._replace(args=_reversed(tile.args)) for tile in other.tile]
        levels = 256 * large + np.array(other, np.uint16)
    whole = np.full((*levels.shape[:2], 4), 65535, np.uint16)
    whole[..., : levels.shape[2]] = levels
    return whole


def _reversed(args: Any) -> Any:
    return _ORDERS[args] if isinstance(args, str) else (_ORDERS[args[0]], *args[1:])
