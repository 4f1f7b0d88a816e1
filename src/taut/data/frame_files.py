"""Writing data frames of any library: text, dates and holes included."""

from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.arrow import functions
from taut.data.arrow_values import TICKS
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


def _spelled(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """A column that text files can hold: categories as what they stand for, durations in seconds, others as text."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        seconds = column.cast(pa.timestamp("s", kind.tz), safe=False)
        # Digits behind the seconds only where a cell has some.
        return seconds if seconds.cast(kind).equals(column) else column
    if pa.types.is_dictionary(kind):
        return _spelled(column.cast(kind.value_type))
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_duration(kind):
        return functions.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), float(TICKS[kind.unit]))
    if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType) or pa.types.is_binary(kind):
        return pa.array([None if cell is None else str(cell) for cell in column.to_pylist()], pa.string())
    return column
