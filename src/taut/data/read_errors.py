"""From the many errors of file libraries to one sentence each, and labels as a sentence shows them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taut.errors import DataError, TautError

LONGEST = 160


def in_one_clause(error: BaseException) -> str:
    r"""What `error` says, fit to stand inside a sentence.

    >>> in_one_clause(ValueError("Bad header. Line\n two."))
    'Bad header; Line two'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    text = text.replace(". ", "; ").rstrip(".")
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


@contextlib.contextmanager
def decoding(path: Path, wanted: str) -> Iterator[None]:
    """Say that `path` is not the `wanted` kind of file if reading it fails.

    Raises DataError instead of whatever the block raised; taut's own errors pass through.
    """
    try:
        yield
    except TautError:
        raise
    except MemoryError:
        raise DataError(f"`{path}` does not fit into memory; write fewer rows or a smaller dtype.") from None
    # A damaged file can make its library raise almost anything, so nothing narrower covers it.
    except Exception as error:
        raise DataError(
            f"Wanted {wanted}; `{path}` is damaged or something else ({in_one_clause(error)}); write it anew."
        ) from None


def check_readable(path: Path) -> None:
    """Raise DataError unless `path` is a file that may be opened and holds something."""
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except IsADirectoryError:
        raise DataError(f"Wanted a file; `{path}` is a folder; name the file inside it.") from None
    except FileNotFoundError:
        raise DataError(f"Wanted a file; there is no `{path}`; check the spelling and the folder.") from None
    except OSError as error:
        reason = error.strerror or in_one_clause(error)
        raise DataError(f"Wanted to read `{path}`; the system said: {reason}; change its permissions.") from None
    if not first:
        raise DataError(f"Wanted data; the file `{path}` is empty (0 bytes); write it anew.")


def in_words(labels: list[Any], most: int = 3) -> str:
    """The first few labels, for a sentence.

    >>> in_words(["a", "b", "c", "d"])
    'a, b, c, …'
    """
    plain = ["".join(sign if sign.isprintable() else " " for sign in str(label)) for label in labels[:most]]
    shown = [text if len(text) <= 30 else text[:30] + "…" for text in plain]
    return ", ".join(shown) + (", …" if len(labels) > most else "")


def rounded(number: float) -> str:
    """A number to three digits, for a sentence.

    >>> rounded(4201.754), rounded(0.12345)
    ('4200', '0.123')
    """
    shown = f"{number:.3g}"
    return f"{float(shown):.0f}" if "e+" in shown and abs(number) < 1e9 else shown
