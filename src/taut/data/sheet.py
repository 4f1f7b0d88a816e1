"""Tables as people have them: columns of any type, with holes."""

import dataclasses
import decimal
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from taut.data.arrow_values import are_lists, of_lists
from taut.data.dense import plain
from taut.data.frames import in_memory
from taut.data.native_types import is_hole
from taut.data.numerals import typed
from taut.data.read_errors import in_one_clause
from taut.data.sparse import is_sparse
from taut.data.table import Table, check_not_empty, check_numeric
from taut.errors import DataError, ShapeError


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A data frame of any library, what people call it, and what reading it decided.

    Where the columns are not `named` by a person they are called x0, x1, …, and messages count them. `na_values` are
    cells that mean missing; `separator` stood between the cells of a file of text. A `block` is numbers of one kind
    beside the columns: the pixels of images, the counts of cells. `of_array` is true where an array was read for a fit
    of columns, so that what comes of it is an array, too. `labels` belong to the rows.

    >>> as_sheet({"age": [30, None], "sex": ["f", "m"]}).columns
    ['age', 'sex']
    """

    frame: nw.DataFrame[Any]
    name: str
    notes: list[str] = dataclasses.field(default_factory=list)
    named: bool = True
    na_values: tuple[str | int | float, ...] = ()
    separator: str = ""
    block: Table | None = None
    of_array: bool = False
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.frame if self.block is None else self.block)

    @functools.cached_property
    def columns(self) -> list[str]:
        """The names of the columns, as text."""
        return [str(column) for column in self.frame.columns]

    @functools.cached_property
    def series(self) -> list[nw.Series]:
        """The columns, taken apart once: a frame of thousands needs as long for one as for all."""
        return list(self.frame.iter_columns())

    @property
    def beside(self) -> "Sheet":
        """What is known of the rows beside a block: the columns."""
        return self

    @property
    def is_array(self) -> bool:
        """Whether the rows came as an array of numbers."""
        return self.of_array or self.block is not None

    @property
    def native(self) -> Any:
        """The frame in its own library."""
        return self.frame.to_native()

    def to_pandas(self) -> Any:
        """The columns as a data frame of pandas, which must be installed; cells that were read as missing are NaN.

        >>> as_sheet({"age": [30, None]}).to_pandas().shape
        (2, 1)
        """
        return self.frame.to_pandas()

    def take(self, rows: np.ndarray) -> "Sheet":
        """Some of the rows, with their labels."""
        return dataclasses.replace(
            self,
            frame=self.frame[rows.tolist()] if self.columns else self.frame,
            block=None if self.block is None else self.block.take(rows),
            labels=None if self.labels is None else self.labels[rows],
        )

    def with_na_values(self, na_values: Sequence[str | int | float]) -> "Sheet":
        """The same, in which cells with these values are missing, too."""
        return dataclasses.replace(self, na_values=(*self.na_values, *na_values))

    def __repr__(self) -> str:
        return f"Sheet({self.name!r}, {len(self)} rows, {len(self.columns)} columns)"


def as_sheet(X: Any, name: str = "X") -> Sheet:
    """A sheet from a data frame (pandas, polars, pyarrow), an array, a list of rows or a mapping of columns.

    An array may hold numbers with NaN, Python objects, or text that spells numbers and holes. Raises DataError
    or ShapeError where `X` is none of these, is empty, or has two columns of one name.

    >>> as_sheet([[1, "a"], [None, "b"]]).columns
    ['x0', 'x1']
    """
    if isinstance(X, Sheet):
        return X
    if isinstance(X, Table):
        return dataclasses.replace(_from_array(X.values, X.name, X.columns), notes=list(X.notes), labels=X.labels)
    X = in_memory(X, name)
    if not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X):
        return _from_frame(X, name)
    if is_sparse(X):
        raise DataError(
            f"Sparse data not supported as a table of columns; `{name}` is a {type(X).__name__}; pass "
            f"`{name}.toarray()`."
        )
    if isinstance(X, Mapping):
        return _from_columns({str(key): _as_arrow(column) for key, column in X.items()}, name)
    if isinstance(X, Sequence) and not isinstance(X, str) and X and all(isinstance(row, Mapping) for row in X):
        keys = dict.fromkeys(key for row in X for key in row)
        return _from_columns({str(key): _as_arrow([row.get(key) for row in X]) for key in keys}, name)
    return _from_array(_as_rows(X, name), name, None)


def sheet_of(columns: Sequence[pa.Array], names: Sequence[str], name: str, **facts: Any) -> Sheet:
    """A sheet from Arrow columns; raises DataError where there are no rows or two names are the same."""
    check_distinct(names, name)
    check_not_empty(np.empty((len(columns[0]) if columns else 0, len(columns)), np.uint8), name)
    return Sheet(frame=nw.from_native(pa.table(list(columns), list(names)), eager_only=True), name=name, **facts)


def check_distinct(names: Sequence[str], name: str) -> None:
    """Raise DataError where a column name comes twice."""
    if len(set(names)) < len(names):
        twice = next(each for number, each in enumerate(names) if each in names[:number])
        raise DataError(f"Wanted distinct column names; `{name}` has `{twice}` more than once; rename one of them.")


def _from_frame(native: Any, name: str) -> Sheet:
    try:
        frame = nw.from_native(native, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"Wanted distinct column names; `{name}` has twins ({in_one_clause(error)}); rename.") from None
    sheet = Sheet(frame=frame, name=name)
    check_distinct(sheet.columns, name)
    check_not_empty(np.empty(frame.shape, np.uint8), name)
    return sheet


def _from_columns(columns: Mapping[str, pa.Array], name: str) -> Sheet:
    for key, column in columns.items():
        if len(column) != len(next(iter(columns.values()))):
            first = next(iter(columns))
            raise ShapeError(
                f"Wanted columns of one length; `{key}` of `{name}` has {len(column)} rows, not the "
                f"{len(columns[first])} of `{first}`; align them."
            )
    return sheet_of(list(columns.values()), list(columns), name)


def _from_array(X: np.ndarray, name: str, columns: list[str] | None) -> Sheet:
    if X.ndim != 2:
        raise ShapeError(f"Reshape your data to rows and columns: `{name}` came with shape {X.shape}; 2 are wanted.")
    if X.dtype.kind == "c":
        check_numeric(X, name)
    check_not_empty(X, name)
    names = columns or [f"x{number}" for number in range(X.shape[1])]
    parts = [_as_arrow(X[:, number]) for number in range(X.shape[1])]
    notes: list[str] = []
    if X.dtype.kind in "UT":
        # numpy makes everything text where one cell is, so the numbers among it are found again.
        parts, notes = typed(parts, columns, name)
    return sheet_of(parts, names, name, named=columns is not None, notes=notes)


def _as_rows(X: Any, name: str) -> np.ndarray:
    if isinstance(X, np.ma.MaskedArray):
        hole: Any
        kind, hole = (object, None) if X.dtype.kind in "OU" else (np.float64, np.nan)
        return np.where(np.ma.getmaskarray(X), hole, X.data.astype(kind))
    if isinstance(X, np.ndarray):
        return X
    if hasattr(X, "__array__"):
        return np.asarray(X)
    rows = list(X) if isinstance(X, Sequence) and not isinstance(X, str) else None
    if rows is None or not all(isinstance(row, Sequence | np.ndarray) and not isinstance(row, str) for row in rows):
        raise DataError(
            f"Wanted an array, a data frame, a list of rows or a mapping of columns; `{name}` is a "
            f"{type(X).__name__}; convert it."
        )
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise DataError(f"Wanted rows of one length; those of `{name}` differ; give each the same columns.")
    array = np.empty((len(rows), widths.pop() if widths else 0), object)
    for number, row in enumerate(rows):
        array[number] = list(row)
    return array


def _as_arrow(column: Any) -> pa.Array:
    """One column; where it mixes types that do not go together, all of it as text."""
    if isinstance(column, np.ndarray) and column.dtype.kind in "iufb":
        column = column if column.dtype == bool else plain(column)
    try:
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        array = _mixed(column)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _mixed(column: Any) -> pa.Array:
    """Arrays as lists in lists, numbers of which some are beyond 64 bits as decimals or floats, mixtures as text."""
    cells = [None if is_hole(cell) else cell for cell in column]
    there = [cell for cell in cells if cell is not None]
    if are_lists(cells):
        try:
            return of_lists(cells)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            pass
    elif all(isinstance(cell, int) for cell in there):
        try:
            return pa.array([None if cell is None else decimal.Decimal(cell) for cell in cells])
        except pa.ArrowInvalid:  # more than 76 digits
            pass
    elif all(isinstance(cell, int | float) for cell in there):
        return pa.array([None if cell is None else float(cell) for cell in cells])
    return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
