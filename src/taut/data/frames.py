"""Frames of any library: gathered, made numbers, and written."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import narwhals as nw
import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.arrow_values import TICKS
from taut.data.dense import from_array
from taut.data.numerals import functions
from taut.data.read_errors import in_one_clause
from taut.data.table import Table, check_not_empty, column_name, place
from taut.errors import DataError, OptionError
from taut.files import written_whole


def with_periods_as_moments(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """The table with periods as the moments at which they begin, and a note for each such column.

    Where pandas is not installed to say when that is, they stay whole numbers, which the note says.
    """
    notes = []
    for number, field in enumerate(table.schema):
        frequency = _frequency(field)
        if frequency is None:
            continue
        try:
            moments = _moments(table.column(number), frequency)
        except ImportError:
            notes.append(f"Column `{field.name}` holds periods of pandas, read as whole numbers; install pandas.")
            continue
        table = table.set_column(number, field.name, moments)
        notes.append(f"Periods in column `{field.name}` were read as the moments at which they begin.")
    return table, notes


def _frequency(field: pa.Field) -> str | None:
    """How long the periods of a column are, such as `M`; None where it holds none."""
    # Arrow knows the type by itself only after pandas has told it.
    if getattr(field.type, "extension_name", "") == "pandas.period":
        return str(field.type.freq)
    said = field.metadata or {}
    if said.get(b"ARROW:extension:name") != b"pandas.period":
        return None
    return str(msgspec.json.decode(said[b"ARROW:extension:metadata"])["freq"])


def _moments(column: pa.ChunkedArray, frequency: str) -> pa.Array:
    pandas: Any = importlib.import_module("pandas")
    array = column.combine_chunks()
    array = array.storage if isinstance(array, pa.ExtensionArray) else array
    numbers = array.cast(pa.int64()).to_pylist()
    periods = [pandas.NaT if each is None else pandas.Period(ordinal=each, freq=frequency) for each in numbers]
    return pa.array(pandas.PeriodIndex(periods, freq=frequency).to_timestamp(), from_pandas=True)


def in_memory(X: Any, name: str = "X") -> Any:
    """X itself; a lazy frame collected, a record batch of Arrow as a table.

    Raises DataError where the query of a lazy frame fails, a stream could be read only once, or columns have names of
    several levels.
    """
    X = nw.to_native(X, pass_through=True)
    _check_one_level(X, name)
    if isinstance(X, pa.RecordBatch):
        return pa.Table.from_batches([X])
    if isinstance(X, pa.RecordBatchReader):
        raise DataError(f"Wanted a frame that can be read twice; `{name}` is a stream; pass `{name}.read_all()`.")
    if not is_lazy(X):
        return X
    try:
        return nw.from_native(X).collect().to_native()
    # The query may do anything, and its library may raise anything.
    except Exception as error:
        raise DataError(
            f"Wanted a frame that can be collected; `{name}` is a {type(X).__name__} whose query fails "
            f"({in_one_clause(error)}); mend the query."
        ) from None


def is_lazy(X: Any) -> bool:
    """Whether X is a query of polars, or of another library that narwhals knows, and no frame yet."""
    if isinstance(X, np.ndarray) or nw.dependencies.is_into_dataframe(X):
        return False
    return isinstance(nw.from_native(X, pass_through=True), nw.LazyFrame)


def _check_one_level(X: Any, name: str) -> None:
    levels = X.columns.nlevels if nw.dependencies.is_pandas_like_dataframe(X) else 1
    if levels > 1:
        raise DataError(
            f"Wanted one name for each column; those of `{name}` have {levels} levels; join them, as in "
            f"`{name}.columns = ['_'.join(map(str, each)) for each in {name}.columns]`."
        )


def from_frame(native: Any, name: str, *, named: bool = True, notes: Sequence[str] = (), holes: bool = False) -> Table:
    """A table from a pandas, polars or pyarrow frame whose columns all hold numbers.

    Where the columns are not `named` by a person, messages count them. With `holes`, missing cells become NaN.
    Raises DataError at the first column that holds something else, or at the first missing cell.
    """
    try:
        frame = nw.from_native(native, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"Wanted distinct column names; `{name}` has twins ({in_one_clause(error)}); rename.") from None
    columns = [str(column) for column in frame.columns] if named else None
    check_not_empty(np.empty(frame.shape, np.uint8), name)
    series = list(frame.iter_columns())
    for number, cells in enumerate(series):
        _check_numbers(cells, column_name(number, columns), name)
    if not holes:
        _check_no_holes(series, columns, name)
    return from_array(_stack(series), name, columns=columns, notes=notes, holes=holes)


def _stack(series: Sequence[nw.Series]) -> np.ndarray:
    """The columns side by side, in the smallest dtype that holds them all."""
    try:
        arrays = [_numbers(cells) for cells in series]
    # Each library has errors of its own for types that numpy does not have.
    except Exception as error:
        raise DataError(
            f"Wanted columns of numbers; some cannot be read ({in_one_clause(error)}); convert them."
        ) from None
    values = np.empty((len(arrays[0]), len(arrays)), np.result_type(*arrays))
    for number, array in enumerate(arrays):
        values[:, number] = array
    return values


def _numbers(cells: nw.Series) -> np.ndarray:
    if cells.null_count() == len(cells):
        return np.full(len(cells), np.nan)
    if cells.dtype == nw.Decimal or cells.null_count():
        cells = cells.cast(nw.Float64)
    return cells.to_numpy()


def _check_numbers(cells: nw.Series, column: str, name: str) -> None:
    """Refuse a column of text or dates; a column with nothing in it is left to the check for holes."""
    if cells.dtype.is_numeric() or cells.dtype == nw.Boolean or cells.null_count() == len(cells):
        return
    raise DataError(
        f"Wanted columns of numbers; column {column} of `{name}` holds {_what_it_holds(cells)}; drop or encode it."
    )


def _what_it_holds(cells: nw.Series) -> str:
    if cells.dtype.is_temporal():
        return "dates or times"
    for row, cell in enumerate(cells.to_list()):
        if isinstance(cell, str) and not _is_number(cell):
            return f"text, first `{cell[:40]}` in row {row} (counting from 0)"
    return f"values of type {cells.dtype}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_no_holes(series: Sequence[nw.Series], columns: Sequence[str] | None, name: str) -> None:
    """Refuse missing cells, naming the first in reading order."""
    holes = [(_first_hole(cells), number) for number, cells in enumerate(series) if cells.null_count()]
    if holes:
        raise DataError(
            f"Missing cells are not accepted yet; `{name}` has the first (empty, NA or NaN) in "
            f"{place(*min(holes), columns)}; fill it or drop the row."
        )


def _first_hole(cells: nw.Series) -> int:
    return int(np.argmax(cells.is_null().to_numpy()))


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
            arrow_csv.write_csv(text_frame(table), temporary, arrow_csv.WriteOptions(quoting_style="needed"))


def text_frame(table: pa.Table) -> pa.Table:
    """The columns in types that files of text can hold."""
    return pa.table([_spelled(column) for column in table.columns], table.column_names)


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
