"""Work on many rows that goes on where it was ended, by the same command."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from taut.cli.exit_codes import StoppedError
from taut.files import writes
from taut.locks import alone_in


@contextlib.contextmanager
def kept_beside(out: Path) -> Iterator[None]:
    """Keep the finished rows of this block in a folder beside the file that is to be written, until it ends well."""
    from taut.kept_parts import keeping  # noqa: PLC0415  heavy, and `--help` is not

    folder = out.with_name(f"{out.name}.partial")
    try:
        with alone_in(folder) if writes() else contextlib.nullcontext(), keeping(folder):
            yield
    except KeyboardInterrupt:
        if not folder.is_dir():
            raise
        raise StoppedError(
            f"Interrupted; the finished rows are kept in `{folder}`, and the same command goes on from there."
        ) from None
