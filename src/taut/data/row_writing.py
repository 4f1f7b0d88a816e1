"""Writing results block after block: what `write` would make of them all, whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.frames import text_frame
from taut.data.writing import as_frame, write
from taut.files import written_whole

# Parquet keeps some hundred bytes in memory for each column of each group of rows until the file is whole.
GROUP_BYTES = 2**26
# A mapping of columns, an array of rows, or a frame of Arrow.
Block = Any


@contextlib.contextmanager
def rows_written(path: str | Path, names: Sequence[str] | None = None) -> Iterator[Callable[[Block], None]]:
    r"""A function that takes the next block: columns, an array (with `names`), or a frame of Arrow, as `write` does.

    A .csv or .parquet grows on the disk; arrays for .npy and .npz are held until the end. Raises as `write` does.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with rows_written(f"{folder}/out.csv") as append:
    ...         append({"a": [1, 2]})
    ...         append({"a": [3]})
    ...     Path(f"{folder}/out.csv").read_text()
    '"a"\n1\n2\n3\n'
    """
    path = Path(path)
    growing = _GROWING.get(path.suffix.lower())
    if growing is None:
        blocks: list[Any] = []
        yield blocks.append
        write(_joined(blocks), path, names)
        return
    with written_whole(path) as temporary, growing(temporary) as append:
        yield lambda block: append(block, names)


@contextlib.contextmanager
def _growing_csv(path: Path) -> Iterator[Callable[[Block, Sequence[str] | None], None]]:
    with path.open("wb") as file:

        def append(block: Block, names: Sequence[str] | None) -> None:
            framed = isinstance(block, pa.Table)
            style = "needed" if framed else None
            options = {} if style is None else {"quoting_style": style}
            frame = text_frame(block) if framed else as_frame(block, names)
            # Each block in the types that its own cells need.
            arrow_csv.write_csv(frame, file, arrow_csv.WriteOptions(include_header=file.tell() == 0, **options))

        yield append


@contextlib.contextmanager
def _growing_parquet(path: Path) -> Iterator[Callable[[Block, Sequence[str] | None], None]]:
    with contextlib.ExitStack() as until_written:
        writer: Any = None
        held: list[pa.Table] = []

        def append(block: Block, names: Sequence[str] | None) -> None:
            nonlocal writer
            frame = block if isinstance(block, pa.Table) else as_frame(block, names)
            if writer is None:
                writer = until_written.enter_context(parquet.ParquetWriter(path, frame.schema))
            held.append(frame if frame.schema.equals(writer.schema) else frame.cast(writer.schema))
            if sum(each.nbytes for each in held) >= GROUP_BYTES:
                write_held()

        def write_held() -> None:
            writer.write_table(pa.concat_tables(held))
            held.clear()

        yield append
        if held:
            write_held()


def _joined(blocks: list[Any]) -> Any:
    if isinstance(blocks[0], np.ndarray):
        return np.concatenate(blocks)
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


_GROWING = {".csv": _growing_csv, ".parquet": _growing_parquet}
