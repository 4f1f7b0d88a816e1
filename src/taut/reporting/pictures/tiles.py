"""Images as they are: originals above their reconstructions, and samples."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taut.record import Figures
from taut.reporting.pictures.canvas import WIDE, Picture, address
from taut.reporting.pictures.style import bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image

Pixels = Sequence[float | None]

_MOST_PAIRS, _MOST_SAMPLES = 16, 32
_LONGEST_SIDE = 96  # pixels; larger images are shrunk, to keep the page small
_ACROSS = 10


def pair_tiles(figures: Figures) -> list[str]:
    """One tile for each pair: the original above its reconstruction; empty where the data are no images."""
    return [_png(tile) for tile in _pairs(figures)]


def image_tiles(figures: Figures) -> list[str]:
    """One tile for each sample from the prior; empty where the data are no images."""
    return [_png(tile) for tile in _samples(figures)]


def pairs_picture(figures: Figures) -> Picture | None:
    """The tiles of pairs side by side; None where there are none."""
    return _sheet(_pairs(figures), "Originals, and below each what the decoder makes of its code.")


def samples_picture(figures: Figures) -> Picture | None:
    """The tiles of samples side by side; None where there are none."""
    return _sheet(_samples(figures), "Images decoded from latents that were drawn from the prior.")


def _pairs(figures: Figures) -> list[Image]:
    return _tiles(list(zip(figures.originals, figures.reconstructions, strict=False))[:_MOST_PAIRS], figures)


def _samples(figures: Figures) -> list[Image]:
    return _tiles([(sample,) for sample in figures.samples[:_MOST_SAMPLES]], figures)


def _tiles(stacks: Sequence[Sequence[Pixels]], figures: Figures) -> list[Image]:
    shape = figures.image_shape
    if shape is None or any(len(image) != math.prod(shape) for stack in stacks for image in stack):
        return []
    return [_tile(stack, shape) for stack in stacks]


def _tile(stack: Sequence[Pixels], shape: tuple[int, ...]) -> Image:
    """Images one above the other, a transparent line between them."""
    from PIL import Image  # noqa: PLC0415  only images need it

    height, width, colour = shape[0], shape[1], len(shape) == 3
    shrink = min(1.0, _LONGEST_SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    gap = max(1, size[1] // 12)
    room = (size[0], len(stack) * size[1] + (len(stack) - 1) * gap)
    tile = Image.new("RGBA", room, (0, 0, 0, 0)) if colour else Image.new("LA", room, (0, 0))
    for place, values in enumerate(stack):
        levels = bytes(_level(value) for value in values)
        image = Image.frombytes("RGB" if colour else "L", (width, height), levels)
        tile.paste(image.resize(size, Image.Resampling.BOX) if shrink < 1 else image, (0, place * (size[1] + gap)))
    return tile


def _png(tile: Image) -> str:
    content = io.BytesIO()
    tile.save(content, "PNG", optimize=True)
    return address("image/png", content.getvalue())


def _level(value: float | None) -> int:
    """What is missing or no number is black."""
    return 0 if value is None or math.isnan(value) else round(255 * min(max(value, 0.0), 1.0))


def _sheet(tiles: list[Image], alt: str) -> Picture | None:
    """Tiles side by side and in rows, on one axes whose pixels are theirs."""
    if not tiles:
        return None
    width, height = tiles[0].size
    gap = max(1, width // 12)
    across = min(_ACROSS, len(tiles))
    down = -(-len(tiles) // across)
    pixels = np.zeros((down * (height + gap) - gap, across * (width + gap) - gap, 4), np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // across) * (height + gap), (place % across) * (width + gap)
        pixels[top : top + height, left : left + width] = np.asarray(tile.convert("RGBA"))

    def paint(panels: list[Axes], _narrow: bool) -> None:
        (axes,) = panels
        axes.imshow(pixels, interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        bare(axes, "left", "bottom")

    return Picture(paint=paint, alt=alt, height=max(0.3, WIDE * pixels.shape[0] / pixels.shape[1]))
