"""Periods of pandas in Arrow's tables: whole numbers that mean months or days by what is said beside them."""

import importlib
from typing import Any

import msgspec
import pyarrow as pa


def with_periods_as_moments(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """The table with periods as the moments at which they begin, and a note for each such column.

    Where pandas is not installed to say when that is, they stay whole numbers, which the note says.
    """
    notes = []
    for place, field in enumerate(table.schema):
        frequency = _frequency(field)
        if frequency is None:
            continue
        try:
            moments = _moments(table.column(place), frequency)
        except ImportError:
            notes.append(f"Column `{field.name}` holds periods of pandas, read as whole numbers; install pandas.")
            continue
        table = table.set_column(place, field.name, moments)
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
