"""What people pass to an estimator, made into a `Table`."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from taut.data.claims import check_hdf5
from taut.data.dense import from_array
from taut.data.frames import from_frame, in_memory
from taut.data.read_errors import decoding
from taut.data.sheet import Sheet, as_sheet
from taut.data.sparse import from_sparse, is_sparse, smallest
from taut.data.table import Table, check_finite
from taut.errors import DataError, OptionError
from taut.files import written_whole


def is_cells(X: Any) -> bool:
    """Whether `X` is an AnnData."""
    return type(X).__name__ == "AnnData" and all(hasattr(X, part) for part in ("X", "obs", "var_names", "layers"))


def from_cells(cells: Any, name: str, layer: str | None = None) -> Table:
    """The counts of an AnnData, dense in the smallest dtype that holds them, with its `obs` beside them.

    Raises DataError where the layer is not there or holds anything but whole numbers from 0 up.
    """
    if getattr(cells, "isbacked", False):
        # What is left on disk is no matrix yet; what of it was not asked for is not read.
        cells = cells.to_memory()
    layers = ", ".join(map(str, cells.layers)) or "none"
    if layer is not None and layer not in cells.layers:
        raise DataError(f"Wanted the layer `{layer}` of `{name}`; its layers are {layers}; name one of these.")
    matrix = cells.X if layer is None else cells.layers[layer]
    if matrix is None:
        raise DataError(f"Wanted counts in X of `{name}`; it is empty; name a layer, as in `{name}:counts` ({layers}).")
    held = np.asarray(matrix.data if is_sparse(matrix) else matrix)
    if held.dtype.kind not in "biuf" or not bool(np.all((held >= 0) & (held == np.floor(held)))):
        raise DataError(
            f"Wanted whole counts from 0 up in `{name}`; {'X' if layer is None else layer} holds other numbers; name "
            f"the layer of raw counts, as in `{name}:counts` (layers: {layers})."
        )
    columns, obs = [str(gene) for gene in cells.var_names], cells.obs
    # A sheet has columns; cells of which nothing is known still have names.
    beside = as_sheet(obs if len(obs.columns) else obs.index.to_frame(index=False, name="cell"), name)
    if is_sparse(matrix):
        table = from_sparse(matrix, name)
        return Table(values=table.values, name=name, columns=columns, notes=table.notes, beside=beside)
    table = from_array(held.astype(smallest(held.ravel(), name)), name)
    return Table(values=table.values, name=name, columns=columns, beside=beside)


def read_cells(path: Path, layer: str | None = None) -> Table:
    """The counts in an .h5ad file, from X or from a layer. Raises OptionError where anndata is not installed."""
    return from_cells(_opened(path), path.name, layer)


def write_cells(
    source: Path,
    out: Path,
    *,
    obsm: Mapping[str, np.ndarray] | None = None,
    obs: Mapping[str, np.ndarray] | None = None,
) -> None:
    """A copy of an .h5ad file with arrays added to `obsm` and columns to `obs`, whole or not at all."""
    cells = _opened(source)
    for name, array in (obsm or {}).items():
        cells.obsm[name] = array
    for name, column in (obs or {}).items():
        cells.obs[name] = column
    with written_whole(out) as temporary:
        cells.write_h5ad(temporary)


def _opened(path: Path) -> Any:
    try:
        anndata = importlib.import_module("anndata")  # an optional extra
    except ImportError:
        raise OptionError(
            f"Wanted the package anndata to open `{path}`; it is not installed; run `pip install anndata`."
        ) from None
    with decoding(path, "cells by genes in anndata's .h5ad format"):
        check_hdf5(path)
        return anndata.read_h5ad(path)


def as_table(X: Any, name: str = "X", *, holes: bool = False) -> Table:
    """A table from an array, sparse counts, a data frame (pandas, polars, pyarrow), a sheet, AnnData or rows.

    A three-dimensional array is a stack of grey images. `name` is what messages call the data. With `holes`,
    missing cells are let through as NaN. Raises DataError or ShapeError, naming the first offender, where `X`
    cannot be used.

    >>> as_table([[1, 2], [3, 4]]).values.shape
    (2, 2)
    """
    if isinstance(X, Table):
        check_finite(X.values, X.name, X.columns, holes=holes)
        return X
    if isinstance(X, Sheet):
        return X.block or from_frame(X.native, X.name, named=X.named, notes=X.notes, holes=holes)
    if is_cells(X):
        return from_cells(X, name)
    if is_sparse(X):
        return from_sparse(X, name)
    X = in_memory(X, name)
    if not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X):
        return from_frame(X, name, holes=holes)
    return from_array(_with_holes(_as_array(X, name)) if holes else _as_array(X, name), name, holes=holes)


def _as_array(X: Any, name: str) -> np.ndarray:
    if isinstance(X, np.ndarray):
        return X
    try:
        array = np.asarray(X)
    except ValueError:
        raise DataError(f"Wanted rows of one length; those of `{name}` differ; give each the same columns.") from None
    if array.dtype == object and array.ndim == 0:
        raise DataError(
            f"Wanted an array, a data frame or a list of rows; `{name}` is a {type(X).__name__}; convert it."
        )
    return array


def _with_holes(array: np.ndarray) -> np.ndarray:
    """Numbers where the objects of an array are numbers and None."""
    if array.dtype != object:
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array
