"""Places to write to, looked at before the work starts."""

import tempfile
from pathlib import Path

from taut.errors import DataError, OptionError, RunFolderError

# One of these shows that a folder is a run, begun or whole.
RUN_FILES = ("model.json", "checkpoints", "demo.txt")
ENDINGS = (".csv", ".parquet", ".npy", ".npz")
FRAMES = (".csv", ".parquet")
OF_IMAGES = (*ENDINGS, ".png")


def check_run_place(out: Path, *, force: bool) -> None:
    """Raise RunFolderError where a run is in the way, and as `check_writable` does."""
    from taut.estimators import check_free  # noqa: PLC0415  heavy, and `--help` is not

    check_free(out, force=force)
    if force and out.is_dir() and any(out.iterdir()) and not any((out / name).exists() for name in RUN_FILES):
        raise RunFolderError(f"`--force` replaces a run; `{out}` holds files but no run; choose another folder.")
    check_writable(out)


def check_frame_place(out: Path) -> None:
    """As `check_file_place`, for a table with text and holes, which arrays do not hold."""
    check_file_place(out, endings=FRAMES)


def check_file_place(out: Path, *, endings: tuple[str, ...] = ENDINGS) -> None:
    """Raise OptionError for an ending that is not written, and as `check_writable` does."""
    if out.suffix.lower() not in endings:
        raise OptionError(f"Wanted a file ending in {', '.join(endings)}; got `{out}`; choose one of these.")
    if out.is_dir():
        raise DataError(f"Wanted a file to write; `{out}` is a folder; choose another name.")
    check_writable(out.parent)


def check_not_data(data: str, *outs: Path | None) -> None:
    """Raise DataError where what is written would replace what is read, or another thing that is written."""
    places = [Path(data), *(out for out in outs if out is not None)]
    named = [place.expanduser().resolve() for place in places]
    twice = next((place for number, place in enumerate(places) if named[number] in named[:number]), None)
    if twice is not None:
        raise DataError(
            f"Wanted other files to write than DATA and one another; got `{twice}` twice; choose other names."
        )


def check_writable(folder: Path) -> None:
    """Raise RunFolderError where `folder` could not be made or written; nothing is left behind."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise RunFolderError(
            f"Wanted to write to `{folder}`; the system said about `{existing}`: {error.strerror or error}; "
            "choose a folder that can be written and has room."
        ) from None
