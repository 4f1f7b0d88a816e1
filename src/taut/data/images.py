"""Reading a folder of images, or one of such folders for each class: one row for each image, as grey levels."""

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from taut.data.dense import from_array
from taut.data.read_errors import decoding, in_words
from taut.data.table import Table
from taut.errors import DataError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
# Pillow would clip these to 255 if asked for 8 bits, so their own depth is kept.
_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
# A file of a few bytes may say that it is larger than any memory.
_MOST_PIXELS, _MOST_BYTES = 2**26, 8 * 2**30


class Found(NamedTuple):
    """The images of a folder in the order of their names, their classes if folders tell them, and what was left."""

    paths: list[Path]
    classes: list[str] | None
    notes: list[str]


class Grey(NamedTuple):
    """Grey levels (height, width), whether colour was lost on the way, and whether further frames were left."""

    pixels: np.ndarray
    lost: bool
    frames: bool


def read_images(folder: Path) -> Table:
    """A table with one row for each image of `folder`, in the order of their names.

    Where the images lie in folders inside it, one for each class, the class is the label. Hidden files, and files that
    are no images, are left aside. Colours become grey levels, and the notes say for how many images. Raises DataError
    where there is no image, one is damaged or too large, or two differ in size or depth.
    """
    found = _found(folder)
    paths = found.paths
    names = [str(path.relative_to(folder)) for path in paths]
    first = _read_one(paths[0], names[0]).pixels
    _check_fits(len(paths), first, folder)
    values = np.empty((len(paths), *first.shape), first.dtype)
    lost = framed = 0
    for number, (path, name) in enumerate(zip(paths, names, strict=True)):
        grey = _read_one(path, name)
        _check_same(name, grey.pixels, names[0], first)
        values[number], lost, framed = grey.pixels, lost + grey.lost, framed + grey.frames
    notes = list(found.notes)
    if lost:
        notes.append(f"Colour or transparency was dropped in {lost} of {len(paths)} images.")
    if framed:
        notes.append(f"Of {framed} images with several frames the first one was read.")
    table = from_array(values, folder.name or str(folder), notes=notes)
    labels = None if found.classes is None else np.array(found.classes, dtype=str)
    return Table(values=table.values, name=table.name, image_shape=table.image_shape, labels=labels, notes=notes)


def _found(folder: Path) -> Found:
    """Images right inside the folder; if there are none, those of the folders in it."""
    here = sorted(_listed(folder), key=lambda path: path.name)
    inside = [path for path in here if path.is_dir()]
    own = [path for path in here if _is_image(path)]
    if own:
        notes = [f"Folders inside it were left aside: {in_words([path.name for path in inside])}."] if inside else []
        return Found(own, None, notes)
    paths = [path for place in inside for path in _below(place)]
    if not paths:
        raise DataError(f"Wanted images ({', '.join(ENDINGS)}); the folder `{folder}` holds none; name another folder.")
    classes = _classes([path.parent.relative_to(folder).parts for path in paths])
    filled = {path.relative_to(folder).parts[0] for path in paths}
    empty = [path.name for path in inside if path.name not in filled]
    distinct = list(dict.fromkeys(classes))
    notes = [f"The folders of the images are their labels, {len(distinct)} of them: {in_words(distinct, 10)}."]
    return Found(
        paths, classes, notes + ([f"Folders without images were left out: {in_words(empty)}."] if empty else [])
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(
            f"Wanted to list `{folder}`; the system said: {error.strerror or error}; change its permissions."
        ) from None


def _below(folder: Path) -> Iterator[Path]:
    """The images of a folder and of those inside it."""
    # Links to folders are not followed, since one may lead back.
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        yield from (path for name in sorted(files) if _is_image(path := Path(place) / name))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and not path.is_dir()


def _classes(places: Sequence[tuple[str, ...]]) -> list[str]:
    """The folders of each image as one name, without those that hold all of them.

    >>> _classes([("photos", "cats"), ("photos", "dogs", "small")])
    ['cats', 'dogs/small']
    """
    shared = 0
    while len({place[: shared + 1] for place in places}) == 1 and all(len(place) > shared + 1 for place in places):
        shared += 1
    return ["/".join(place[shared:]) for place in places]


def _read_one(path: Path, name: str) -> Grey:
    with decoding(path, "an image"), _opened(path, name) as image:
        frames = getattr(image, "n_frames", 1) > 1
        if image.mode in _DEEP:
            return Grey(np.array(image), False, frames)
        if image.mode in ("L", "1"):
            return Grey(np.array(image.convert("L")), False, frames)
        return _without_colour(image, frames=frames)


@contextlib.contextmanager
def _opened(path: Path, name: str) -> Iterator[Image.Image]:
    """The image, unless it says that it is enormous; what Pillow warns of is no concern of a reader of tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(path)
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


def _without_colour(image: Image.Image, *, frames: bool) -> Grey:
    coloured = image.convert("RGBA")
    red, green, blue, alpha = np.moveaxis(np.asarray(coloured), -1, 0)
    lost = bool((red != green).any() or (green != blue).any() or (alpha != 255).any())
    return Grey(np.array(coloured.convert("L")), lost, frames)


def _check_fits(count: int, first: np.ndarray, folder: Path) -> None:
    if count * first.nbytes > _MOST_BYTES:
        raise DataError(
            f"Wanted images that fit into memory; the {count} of `{folder}`, {_size(first)} pixels each, would take "
            f"{count * first.nbytes / 2**30:.1f} GiB; shrink them, or give fewer."
        )


def _check_same(name: str, pixels: np.ndarray, first_name: str, first: np.ndarray) -> None:
    if pixels.shape != first.shape:
        raise DataError(
            f"Wanted images of one size; `{first_name}` is {_size(first)} and `{name}` is {_size(pixels)} "
            "pixels; resize them."
        )
    if pixels.dtype != first.dtype:
        raise DataError(
            f"Wanted images of one depth; `{first_name}` is {first.dtype} and `{name}` is {pixels.dtype}; "
            "convert them, as in `magick in.png -depth 8 out.png`."
        )


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]} × {pixels.shape[0]}"
