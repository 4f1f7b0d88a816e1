"""Reading a folder of images, or one of such folders for each class: one row for each image, grey or in colour."""

import dataclasses
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from taut.array_files import MOST_BYTES
from taut.data.dense import from_array
from taut.data.opened import OpenedRows
from taut.data.pixels import Pixels, read_pixels, resized, size_of
from taut.data.read_errors import in_words
from taut.data.table import COLOURS, Table
from taut.errors import DataError, OptionError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


class Found(NamedTuple):
    """The images of a folder in the order of their names, their classes if folders tell them, and what was left."""

    paths: list[Path]
    classes: list[str] | None
    notes: list[str]


def read_images(folder: Path, *, resize: tuple[int, int] | None = None, colour: bool = False) -> Table:
    """A table with one row for each image of `folder`, in the order of their names.

    Where the images lie in folders inside it, one for each class, the class is the label. Hidden files, and files that
    are no images, are left aside. Where one image has colour, or with `colour`, all are read as red, green and blue,
    the three of a pixel side by side. `resize` is the (height, width) that images are brought to. The notes say what
    was read and what was left. Raises DataError where there is no image, one is damaged or too large, or two differ in
    size, unless `resize` is given, or in depth.
    """
    found = _found(folder)
    names = [str(path.relative_to(folder)) for path in found.paths]
    first = read_pixels(found.paths[0], names[0]).levels
    shape = resize or (first.shape[0], first.shape[1])
    channels = (COLOURS,) if colour else first.shape[2:]
    _check_fits((len(names), *shape, *channels), first.itemsize, folder)
    values = np.empty((len(names), *shape, *channels), first.dtype)
    said: Counter[str] = Counter()
    for number, (path, name) in enumerate(zip(found.paths, names, strict=True)):
        image = read_pixels(path, name)
        _check_same(name, image, names[0], first, any_size=resize is not None)
        if image.levels.ndim == 3 and values.ndim == 3:
            _check_fits((*values.shape, COLOURS), first.itemsize, folder)
            values = np.repeat(values[..., None], COLOURS, axis=-1)
        said += Counter(_remarks(image, shape))
        levels = resized(image.levels, shape)
        values[number] = levels if levels.ndim == values.ndim - 1 else levels[..., None]
    notes = [*found.notes, *_notes(values, said)]
    table = from_array(values, folder.name or str(folder), notes=notes)
    labels = None if found.classes is None else np.array(found.classes, dtype=str)
    return dataclasses.replace(table, labels=labels, resized=resize is not None)


def opened_images(folder: Path, *, resize: tuple[int, int] | None = None, colour: bool = False) -> OpenedRows:
    """The images of `read_images`, decoded a block at a time: grey or in colour like the first, or with `colour`.

    Raises DataError where there is no image, and where `read_images` does for an image that is reached.
    """
    found = _found(folder)
    names = [str(path.relative_to(folder)) for path in found.paths]
    first = read_pixels(found.paths[0], names[0]).levels
    shape = resize or (first.shape[0], first.shape[1])
    channels = (COLOURS,) if colour else first.shape[2:]

    def blocks(size: int) -> Iterator[Table]:
        for start in range(0, len(names), size):
            own = slice(start, start + size)
            values = np.empty((len(names[own]), *shape, *channels), first.dtype)
            for row, path, name in zip(values, found.paths[own], names[own], strict=True):
                image = read_pixels(path, name)
                _check_same(name, image, names[0], first, any_size=resize is not None)
                if image.levels.ndim > row.ndim:
                    raise DataError(
                        f"Wanted grey images like `{names[0]}`, since images are streamed; `{name}` has colour; bring "
                        "them to one kind."
                    )
                levels = resized(image.levels, shape)
                row[...] = levels if levels.ndim == row.ndim else levels[..., None]
            table = from_array(values, folder.name or str(folder), notes=found.notes)
            labels = None if found.classes is None else np.array(found.classes[own], dtype=str)
            yield dataclasses.replace(table, labels=labels, resized=resize is not None)

    return OpenedRows(
        name=folder.name or str(folder),
        rows=len(names),
        columns=math.prod((*shape, *channels)),
        read=blocks,
        notes=tuple(found.notes),
    )


def check_resizable(source: str | Path, resize: tuple[int, int] | None) -> None:
    """Raise OptionError where a size is asked for of what is no folder of images."""
    if resize is not None:
        raise OptionError(f"`resize` wants a folder of images; `{source}` is none; leave it out.", option="resize")


def holds_images(folder: Path) -> bool:
    """Whether there is an image in a folder or in one inside it."""
    return any(True for _ in _below(folder))


def _remarks(image: Pixels, shape: tuple[int, int]) -> dict[str, int]:
    height, width = image.levels.shape[:2]
    return {
        "transparent": int(image.transparent),
        "frames": int(image.frames),
        "grey": int(image.levels.ndim == 2),
        "resized": int((height, width) != shape),
        "stretched": int(height * shape[1] != width * shape[0]),
    }


def _notes(values: np.ndarray, said: Counter[str]) -> list[str]:
    count, colour = len(values), values.ndim == 4
    kind = ("colour" if colour else "grey") + (f", {8 * values.itemsize} bits" if values.dtype.kind == "u" else "")
    notes = [f"{count} images of {size_of(values.shape[1:])} pixels were read ({kind})."]
    if colour and said["grey"]:
        notes.append(f"{said['grey']} of {count} images are grey, and were read as colour like the others.")
    if said["resized"]:
        stretched = f"; {said['stretched']} of them had other proportions" if said["stretched"] else ""
        notes.append(f"{said['resized']} of {count} images were resized{stretched}.")
    if said["transparent"]:
        notes.append(f"Transparency was dropped in {said['transparent']} of {count} images.")
    if said["frames"]:
        notes.append(f"Of {said['frames']} images with several frames the first one was read.")
    return notes


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


def _check_fits(shape: tuple[int, ...], item: int, folder: Path) -> None:
    total = math.prod(shape) * item
    if total > MOST_BYTES:
        raise DataError(
            f"Wanted images that fit into memory; the {shape[0]} of `{folder}`, {size_of(shape[1:])} pixels each, "
            f"would take {total / 2**30:.1f} GiB; shrink them with `--resize`, or give fewer."
        )


def _check_same(name: str, image: Pixels, first_name: str, first: np.ndarray, *, any_size: bool) -> None:
    if image.levels.shape[:2] != first.shape[:2] and not any_size:
        raise DataError(
            f"Wanted images of one size; `{first_name}` is {size_of(first.shape)} and `{name}` is {image.size} pixels; "
            f"bring them to one with `--resize {first.shape[0]},{first.shape[1]}` (height, width), or another size."
        )
    if image.levels.dtype != first.dtype:
        raise DataError(
            f"Wanted images of one depth; `{first_name}` is {first.dtype} and `{name}` is {image.levels.dtype}; "
            "convert them, as in `magick in.png -depth 8 out.png`."
        )
