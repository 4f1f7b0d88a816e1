"""Writing data frames of any library: text, dates and holes included."""

from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.errors import OptionError
from taut.files import written_whole


def write_frame(native: Any, path: Path) -> None:
    """Write a data frame to .csv, where a missing cell is empty, or to .parquet; whole or not at all.

    Raises OptionError for another ending.
    """
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise OptionError(
            f"Wanted a file ending in .csv or .parquet for a data frame; got `{path}`; choose one of these."
        )
    table = nw.from_native(native, eager_only=True).to_arrow()
    with written_whole(path) as temporary:
        if ending == ".parquet":
            parquet.write_table(table, temporary)
        else:
            plain = pa.table([_spelled(column) for column in table.columns], table.column_names)
            arrow_csv.write_csv(plain, temporary, arrow_csv.WriteOptions(quoting_style="needed"))


def _spelled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column that text files can hold: categories as what they stand for."""
    if pa.types.is_timestamp(column.type):
        seconds = column.cast(pa.timestamp("s", column.type.tz), safe=False)
        # Digits behind the seconds only where a cell has some.
        return seconds if seconds.cast(column.type).equals(column) else column
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
