"""Loading any source: a bundled set by its name, or what `taut.data.read` reads."""

from pathlib import Path

from taut import data
from taut.data import (
    READ,
    OpenedRows,
    Sheet,
    Table,
    as_table,
    check_resizable,
    exists,
    is_only_streamed,
    narrowed,
    open_rows,
)
from taut.datasets.bundled import NAMES, bundled
from taut.errors import DataError, TautError
from taut.memory import free_bytes

# Rows as they are read, coded, in double precision, and on the device.
COPIES = 8


def load(
    source: str | Path, *, as_column: bool = False, resize: tuple[int, int] | None = None, colour: bool = False
) -> Table | Sheet:
    """A bundled set by its name, or what `taut.data.read` reads.

    A table is a `Sheet`, whatever its columns hold; but numbers without column names and without holes are one block,
    a `Table`, as an array would be. A bundled name wins over a file of that name; `./digits` means the file.
    `as_column` takes a plain vector in an array file as one column, and `resize` is the (height, width) to which the
    images of a folder are brought, `colour` reads grey ones as colour. Raises DataError, in one sentence that names the
    first offender, where the source is missing, damaged or of an unknown kind.

    >>> load("digits:held-out")
    Table('digits:held-out', 297 rows, 64 features, uint8)
    >>> load("penguins")
    Sheet('penguins', 344 rows, 8 columns)
    """
    if isinstance(source, str) and source in NAMES:
        check_resizable(source, resize)
        return bundled(source)
    if isinstance(source, str) and _reads_like_a_name(source) and not exists(source):
        raise DataError(
            f"Wanted a bundled name ({', '.join(NAMES)}), {READ}; there is no `{source}`; check the spelling."
        )
    rows = data.read(source, as_column=as_column, resize=resize, colour=colour)
    return as_block(rows) if isinstance(rows, Sheet) and not rows.named and is_numbers(rows) else rows


def load_or_open(
    source: str, *, stream: bool | None = None, resize: tuple[int, int] | None = None
) -> tuple[Table | Sheet | OpenedRows, list[str]]:
    """The rows of `load`, or those of `opened_where_large`; and what that decided."""
    opened, notes = opened_where_large(source, stream=stream, resize=resize)
    return (load(source, resize=resize) if opened is None else opened), notes


def opened_where_large(
    source: str, *, stream: bool | None = None, resize: tuple[int, int] | None = None, colour: bool = False
) -> tuple[OpenedRows | None, list[str]]:
    """The rows of `taut.data.open_rows` where `stream` says so, or where it is None and memory would not hold them.

    Rows that can only be streamed are. Else None; with a sentence where that was decided. Raises DataError where
    `stream` asks for what is only read whole.
    """
    if stream and source in NAMES:
        raise DataError(f"Streaming wants rows on the disk; those of `{source}` are in memory; leave out `--stream`.")
    if stream is not None:
        return (open_rows(source, resize=resize, colour=colour) if stream else None), []
    if source in NAMES or not exists(source):
        return None, []
    if is_only_streamed(Path(source).expanduser()):
        return open_rows(source), []
    try:
        opened = open_rows(source, resize=resize, colour=colour)
    except TautError:  # of a kind that is read whole, or the reader of which says best what is wrong
        return None, []
    needed, free = COPIES * opened.bytes, free_bytes()
    if free is None or needed <= free:
        return None, []
    sizes = f"about {needed / 1e9:.1f} GB in memory, of which {free / 1e9:.1f} GB are free"
    return opened, [f"`{opened.name}` would take {sizes}: its rows are streamed."]


def is_numbers(sheet: Sheet) -> bool:
    """Whether every column holds numbers, and every cell is there.

    >>> is_numbers(load("penguins"))
    False
    """
    return all(
        cells.dtype.is_numeric() and not cells.null_count() and not (cells.dtype.is_float() and cells.is_nan().any())
        for cells in sheet.series
    )


def as_block(sheet: Sheet, *, holes: bool = False) -> Table:
    """The numbers of a sheet as one block, in the smallest usual dtype where they are whole.

    Raises DataError at the first column that holds something else, or at the first hole unless `holes` become NaN.
    """
    return narrowed(as_table(sheet, holes=holes))


def _reads_like_a_name(source: str) -> bool:
    return source.replace(":", "").replace("-", "").isalpha()
