"""Writing results: columns of equal length, whole or not at all."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut.data.dense import plain
from taut.data.frame_files import write_frame
from taut.errors import DataError, OptionError, ShapeError
from taut.files import written_whole

Columns = dict[str, np.ndarray]


def write(data: Any, path: str | Path, names: Sequence[str] | None = None) -> None:
    """Write columns, a two-dimensional array, or a data frame, to .csv, .parquet, .npy or .npz.

    A frame of any library, with its text, dates and holes, goes to .csv or .parquet. A mapping gives each column
    its name; an array takes `names`, or x0, x1, …. Numbers keep every digit. `.npy` holds one array of rows and
    columns, and `.npz` one array for each name (an array alone is called `values`), so neither keeps `names`. Raises
    OptionError for another ending, ShapeError where columns and names do not fit together, and DataError where a
    column cannot be stored or the folder not be written.
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise OptionError(f"Wanted a file ending in {', '.join(_WRITERS)}; got `{path}`; choose one of these.")
    if nw.dependencies.is_into_dataframe(data) and not isinstance(data, np.ndarray):
        write_frame(data, path)
        return
    columns = _from_array(data, names) if isinstance(data, np.ndarray) else _from_mapping(data)
    if isinstance(data, np.ndarray) and writer is _write_npz:
        columns = {"values": data}
    for name, column in columns.items():
        _check_storable(name, column)
    with written_whole(path) as temporary:
        writer(columns, temporary)


def _from_array(values: np.ndarray, names: Sequence[str] | None) -> Columns:
    if values.ndim != 2:
        raise ShapeError(f"Wanted rows and columns to write; got an array of shape {values.shape}; reshape it.")
    names = [f"x{number}" for number in range(values.shape[1])] if names is None else [str(name) for name in names]
    if len(names) != values.shape[1]:
        raise ShapeError(f"Wanted {values.shape[1]} column names; got {len(names)}; give one for each column.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise OptionError(f"Wanted distinct column names; got `{twice}` twice; rename one.")
    return {name: values[:, number] for number, name in enumerate(names)}


def _from_mapping(data: Mapping[str, np.ndarray | Sequence]) -> Columns:
    columns = {str(name): np.asarray(column) for name, column in data.items()}
    if not columns:
        raise ShapeError("Wanted at least one column to write; got none; give some.")
    rows = next(iter(columns.values())).shape[:1]
    for name, column in columns.items():
        if column.ndim != 1:
            raise ShapeError(f"Wanted one-dimensional columns; `{name}` has shape {column.shape}; split it.")
        if column.shape != rows:
            raise ShapeError(
                f"Wanted columns of one length; `{name}` has {len(column)} rows, not {rows[0]}; align them."
            )
    return columns


def _check_storable(name: str, column: np.ndarray) -> None:
    if column.dtype.kind not in "biufU":
        raise DataError(f"Wanted columns of numbers or text; `{name}` has dtype {column.dtype}; convert it.")


def _write_csv(columns: Columns, path: Path) -> None:
    arrow_csv.write_csv(_arrow(columns), path)


def _write_parquet(columns: Columns, path: Path) -> None:
    parquet.write_table(_arrow(columns), path)


def _write_npy(columns: Columns, path: Path) -> None:
    for name, column in columns.items():
        if column.dtype.kind == "U":
            raise DataError(f"An .npy file holds numbers only; column `{name}` is text; write .csv, .parquet or .npz.")
    with path.open("wb") as file:
        np.save(file, np.column_stack(list(columns.values())), allow_pickle=False)


def _write_npz(columns: Columns, path: Path) -> None:
    # numpy.savez takes names as keyword arguments, so a column called `file` would clash with its own.
    with zipfile.ZipFile(path, "w") as archive:
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, column, allow_pickle=False)


def _arrow(columns: Columns) -> pa.Table:
    return pa.table({name: pa.array(plain(column)) for name, column in columns.items()})


_WRITERS: dict[str, Callable[[Columns, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".npy": _write_npy,
    ".npz": _write_npz,
}
