"""Grey images as PNG tiles; the page lays them out, so that they wrap on a phone."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from taut.record import Figures
from taut.reporting.pictures.canvas import address

_MOST_PAIRS, _MOST_SAMPLES = 16, 32
_LONGEST_SIDE = 96  # pixels; larger images are shrunk, to keep the page small


def pair_tiles(figures: Figures) -> list[str]:
    """One tile for each pair: the original above its reconstruction; empty where the data are no images."""
    shape = figures.image_shape
    pairs = list(zip(figures.originals, figures.reconstructions, strict=False))[:_MOST_PAIRS]
    if shape is None or not _fits(shape, [image for pair in pairs for image in pair]):
        return []
    return [_png([original, reconstruction], shape) for original, reconstruction in pairs]


def image_tiles(figures: Figures) -> list[str]:
    """One tile for each sample from the prior; empty where the data are no images."""
    shape, samples = figures.image_shape, figures.samples[:_MOST_SAMPLES]
    if shape is None or not _fits(shape, samples):
        return []
    return [_png([sample], shape) for sample in samples]


def _fits(shape: tuple[int, int], images: Sequence[Sequence[float | None]]) -> bool:
    return all(len(image) == shape[0] * shape[1] for image in images)


def _png(stack: Sequence[Sequence[float | None]], shape: tuple[int, int]) -> str:
    """Images one above the other, a transparent line between them."""
    from PIL import Image  # noqa: PLC0415  only a page with images needs it

    height, width = shape
    shrink = min(1.0, _LONGEST_SIDE / max(shape))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    gap = max(1, size[1] // 12)
    tile = Image.new("LA", (size[0], len(stack) * size[1] + (len(stack) - 1) * gap), (0, 0))
    for place, values in enumerate(stack):
        grey = Image.frombytes("L", (width, height), bytes(_level(value) for value in values))
        tile.paste(grey.resize(size, Image.Resampling.BOX) if shrink < 1 else grey, (0, place * (size[1] + gap)))
    content = io.BytesIO()
    tile.save(content, "PNG", optimize=True)
    return address("image/png", content.getvalue())


def _level(value: float | None) -> int:
    """What is missing or no number is black."""
    return 0 if value is None or math.isnan(value) else round(255 * min(max(value, 0.0), 1.0))
