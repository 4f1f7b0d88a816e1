"""Opening a file or folder whose rows can be read a block at a time."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from taut.array_files import opened_archive
from taut.data.claims import check_hdf5, check_zarr
from taut.data.conversion import from_cells
from taut.data.frames import with_periods_as_moments
from taut.data.images import opened_images
from taut.data.mapped import MappedRows
from taut.data.opened import OpenedRows, Rows, opened_array
from taut.data.read_errors import check_readable, decoding
from taut.data.reading import is_only_streamed, located
from taut.data.sheet import as_sheet, check_distinct
from taut.data.sparse import from_sparse, is_saved_sparse, is_sparse, sparse_in
from taut.data.table import check_dimensions, check_not_empty, check_numeric
from taut.errors import DataError, OptionError

OPENED = ".npy, .parquet, a folder of .parquet files, .zarr, .h5ad, .npz of a sparse matrix, or a folder of images"


def open_rows(source: Any, *, resize: tuple[int, int] | None = None, colour: bool = False) -> OpenedRows:
    """The rows of a file or folder, or of a sparse matrix of scipy, without reading more of them than their form.

    What is given to `VAE.fit` so is streamed, whatever its size. Raises DataError where the source is missing or
    damaged, or is of a kind that is only read whole.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/rows.npy", np.eye(3))
    ...     len(open_rows(f"{folder}/rows.npy"))
    3
    """
    if is_sparse(source):
        return _of_sparse(source, "X")
    path, key = located(str(source))
    opener = _OPENERS.get(path.suffix.lower())
    if path.is_dir() and opener is not _zarr:
        return _parquet(path) if is_only_streamed(path) else opened_images(path, resize=resize, colour=colour)
    if opener is None:
        raise DataError(
            f"Streaming wants {OPENED}; got `{path}`; convert it, as in "
            "`python -c \"import pyarrow.csv as c, pyarrow.parquet as p; p.write_table(c.read_csv('in.csv'), "
            "'out.parquet')\"`, or leave out `--stream`."
        )
    if not path.is_dir():
        check_readable(path)
    return opener(path, key) if opener is _cells else opener(path)


def _array(path: Path) -> OpenedRows:
    with decoding(path, "an array in numpy's .npy format that can be mapped: of numbers, in the order of C"):
        values = MappedRows(path)
    return _checked(values, path.name)


def _zarr(path: Path) -> OpenedRows:
    zarr = _optional("zarr", path)
    with decoding(path, "an array in Zarr's format"):
        values = zarr.open_array(str(path), mode="r")
        check_zarr(values, path)
    opened = _checked(values, path.name)
    # Whole chunks, or each would be read as often as blocks touch it.
    chunk = values.chunks[0]

    def blocks(size: int) -> Iterator[Rows]:
        with decoding(path, "an array in Zarr's format"):
            yield from opened.read(max(1, round(size / chunk)) * chunk)

    return dataclasses.replace(opened, read=blocks)


def _checked(values: Any, name: str) -> OpenedRows:
    form = np.empty(0, values.dtype)
    check_numeric(form, name)
    form = np.broadcast_to(np.zeros((), values.dtype), values.shape)
    check_not_empty(form, name)
    check_dimensions(form, name)
    return opened_array(values, name)


def _parquet(path: Path) -> OpenedRows:
    paths = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    files = []
    for each in paths:
        with decoding(each, "a table in parquet format"):
            files.append(parquet.ParquetFile(each))
    schema, notes = with_periods_as_moments(files[0].schema_arrow.empty_table())
    for each, file in zip(paths, files, strict=True):
        if not file.schema_arrow.equals(files[0].schema_arrow):
            raise DataError(
                f"Wanted files of the same columns and types; `{each.name}` has others than `{paths[0].name}`; "
                "write them alike."
            )
    check_distinct(schema.column_names, path.name)
    rows = sum(file.metadata.num_rows for file in files)
    check_not_empty(np.broadcast_to(np.uint8(0), (rows, schema.num_columns)), path.name)

    def blocks(size: int) -> Iterator[Rows]:
        for each, file in zip(paths, files, strict=True):
            with decoding(each, "a table in parquet format"):
                for batch in file.iter_batches(size, use_threads=False):
                    if len(batch):
                        frame, _ = with_periods_as_moments(pa.Table.from_batches([batch]))
                        yield dataclasses.replace(as_sheet(frame, path.name), notes=notes)

    return OpenedRows(name=path.name, rows=rows, columns=schema.num_columns, read=blocks, notes=tuple(notes))


def _cells(path: Path, layer: str | None) -> OpenedRows:
    anndata = _optional("anndata", path)
    with decoding(path, "cells by genes in anndata's .h5ad format"):
        check_hdf5(path)
        cells = anndata.read_h5ad(path, backed="r")
        matrix = cells.X if layer is None else cells.layers.get(layer)
    if matrix is None:
        known = ", ".join(map(str, cells.layers)) or "none"
        raise DataError(f"Wanted the layer `{layer}` of `{path.name}`; its layers are {known}; name one of these.")

    check_not_empty(np.broadcast_to(np.uint8(0), cells.shape), path.name)

    def blocks(size: int) -> Iterator[Rows]:
        for start in range(0, cells.n_obs, size):
            rows = slice(start, start + size)
            with decoding(path, "cells by genes in anndata's .h5ad format"):
                part = anndata.AnnData(X=matrix[rows], obs=cells.obs.iloc[rows], var=cells.var[[]])
            yield from_cells(part, path.name)

    return OpenedRows(
        name=path.name, rows=cells.n_obs, columns=cells.n_vars, read=blocks, sparse=not hasattr(matrix, "chunks")
    )


def _archive(path: Path) -> OpenedRows:
    with decoding(path, "an archive in numpy's .npz format"), opened_archive(path) as archive:
        if not is_saved_sparse(archive.names):
            raise DataError(f"Streaming wants {OPENED}; `{path}` holds dense arrays; save one as .npy.")
        return _of_sparse(sparse_in(archive, path.name), path.name)


def _of_sparse(matrix: Any, name: str) -> OpenedRows:
    rows = matrix.tocsr()
    check_not_empty(np.broadcast_to(np.uint8(0), rows.shape), name)

    def blocks(size: int) -> Iterator[Rows]:
        for start in range(0, rows.shape[0], size):
            yield from_sparse(rows[start : start + size], name)

    return OpenedRows(name=name, rows=rows.shape[0], columns=rows.shape[1], read=blocks, sparse=True)


def _optional(name: str, path: Path) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise OptionError(
            f"Wanted the package {name} to open `{path}`; it is not installed; run `pip install {name}`."
        ) from None


_OPENERS: dict[str, Callable[..., OpenedRows]] = {
    ".npy": _array,
    ".npz": _archive,
    ".parquet": _parquet,
    ".h5ad": _cells,
    ".zarr": _zarr,
}
