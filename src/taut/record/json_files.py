"""Accounts as JSON, and back where text is one of the format that is known."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from taut.errors import DataError
from taut.files import write_text

Kind = TypeVar("Kind")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Format:
    """What every format has."""

    format: int


def json_of(account: Any, path: str | Path | None) -> str:
    """The account as JSON text, written to `path` if one is given."""
    text = msgspec.json.format(msgspec.json.encode(account), indent=1).decode()
    if path is not None:
        write_text(path, text)
    return text


def account_in(source: str | Path, kind: type[Kind], *, format: int, named: str, again: str) -> Kind:
    """Read an account of this kind and format from JSON text or from a file. Raises DataError where it is none."""
    try:
        text = Path(source).read_text("utf-8") if isinstance(source, Path) else source
        # Alone and first: an account of another format may lack what this one wants.
        found = msgspec.json.decode(text, type=_Format).format
        if found != format:
            advice = "read it with a newer taut" if found > format else f"{again} again"
            raise DataError(f"Wanted {named} of format {format}; got format {found}; {advice}.")
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            f"Wanted {named} of format {format}; got text that does not read as one ({error}); {again} again."
        ) from None
