"""The modelled entries of one row, and what the model is conditioned on: named parts of one pytree."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Num

__all__ = [
    "AnyArray",
    "DataLike",
    "Datum",
    "DatumLike",
    "OtherData",
    "as_datum",
    "as_floats",
    "bare",
    "float_type",
    "matrix_of",
    "rows_in",
    "rows_on_device",
    "values_of",
]

AnyArray = Any
"""Of NumPy on the host, of JAX on the device."""


class Datum(eqx.Module):
    """One datum x: `values` of its entries, which of them are `observed`, and what p(x|z) is conditioned on.

    A part that is None is not there: without `observed` every entry is. Where an entry is missing its value is any
    finite number, which no result depends on. `covariates` go to networks beside the latent and the values;
    `log_offset` is the log of the row's size, which is added to those outputs of a decoder that are log means.

    With a leading axis on every array it is as many rows; `len` and `take` are of these.

    >>> rows = Datum.of(np.array([[1.0, np.nan], [2.0, 3.0]]))
    >>> rows.values.tolist(), rows.observed.tolist(), len(rows)
    ([[1.0, 0.0], [2.0, 3.0]], [[True, False], [True, True]], 2)
    >>> rows.take([1]).with_nan().tolist()
    [[2.0, 3.0]]
    """

    values: Num[AnyArray, "*n entries"]
    observed: Bool[AnyArray, "*n entries"] | None = None
    covariates: Float[AnyArray, "*n covariates"] | None = None
    log_offset: Float[AnyArray, "*n"] | None = None

    @classmethod
    def of(cls, values: Num[AnyArray, "*n entries"]) -> Datum:
        """The datum, or rows, of an array in which a missing entry is NaN; whole numbers have no holes."""
        if not jnp.issubdtype(values.dtype, jnp.floating):
            return cls(values)
        numpy: Any = np if isinstance(values, np.ndarray) else jnp
        missing = numpy.isnan(values)
        return cls(numpy.where(missing, numpy.zeros((), values.dtype), values), ~missing)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Any) -> Datum:
        """These rows, on the host."""
        return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], self)

    def seen_as(self, observed: Bool[AnyArray, "*n entries"] | None) -> Datum:
        """The same where these entries are observed."""
        return Datum(self.values, observed, self.covariates, self.log_offset)

    def holes(self) -> Bool[np.ndarray, "*n entries"]:
        """Which entries are missing, on the host."""
        return np.zeros(self.values.shape, bool) if self.observed is None else ~np.asarray(self.observed)

    @property
    def conditioned(self) -> bool:
        """Whether p(x|z) depends on more than z."""
        return self.covariates is not None or self.log_offset is not None

    @property
    def conditions(self) -> Float[Array, "conditions"]:
        """Covariates and log offset of one datum as one vector, in the dtype of its values."""
        kind = jnp.result_type(self.values, float)
        parts = [] if self.covariates is None else [jnp.asarray(self.covariates).astype(kind)]
        parts += [] if self.log_offset is None else [jnp.asarray(self.log_offset).astype(kind)[None]]
        return jnp.concatenate([jnp.zeros(0, kind), *parts])

    def with_nan(self) -> Num[np.ndarray, "*n entries"]:
        """The values alone, on the host, NaN where one is missing."""
        values = np.asarray(self.values)
        return values if self.observed is None else np.where(np.asarray(self.observed), values, np.nan)

    def matrix(self) -> Num[np.ndarray, "n numbers"]:
        """All of some rows as one array on the host: entries with NaN, covariates, log offset; for their digests."""
        parts = [self.with_nan()]
        parts += [] if self.covariates is None else [np.asarray(self.covariates)]
        parts += [] if self.log_offset is None else [np.asarray(self.log_offset)[:, None]]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts, axis=1, dtype=float_type(parts[0]))


def float_type(values: np.ndarray) -> type[np.floating]:
    """The floats of the host that hold these numbers exactly."""
    return np.float32 if values.dtype.kind in "iu" and values.dtype.itemsize <= 2 else np.float64


DatumLike = Datum | Num[AnyArray, "entries"]
"""One datum."""
DataLike = Datum | Num[AnyArray, "n entries"]
"""Rows of data."""
OtherData = Datum | Num[AnyArray, "m width"]
"""Rows of data; named apart, for a function that takes two."""


def as_datum(x: Any) -> Datum:
    """The datum, or rows; of a bare array, in which a missing entry is NaN."""
    return x if isinstance(x, Datum) else Datum.of(x)


def values_of(x: Any) -> Any:
    """The values of a datum or of rows; a bare array is its own.

    >>> values_of(Datum(np.ones(2))).tolist(), values_of(np.ones(2)).tolist()
    ([1.0, 1.0], [1.0, 1.0])
    """
    return x.values if isinstance(x, Datum) else x


def bare(x: Any) -> Any:
    """The values alone where a datum is nothing else, so that whoever takes arrays is given arrays."""
    return x.values if isinstance(x, Datum) and x.observed is None and not x.conditioned else x


def matrix_of(data: Any) -> Num[np.ndarray, "n numbers"]:
    """`Datum.matrix` of rows; a bare array is its own."""
    return data.matrix() if isinstance(data, Datum) else np.asarray(data)


def as_floats(x: Any) -> Any:
    """The numbers of a datum, of rows, or of any pytree of arrays in the working precision."""
    if isinstance(x, Datum):
        values, covariates, log_offset = (as_floats(part) for part in (x.values, x.covariates, x.log_offset))
        return Datum(values, x.observed, covariates, log_offset)
    return jax.tree.map(lambda leaf: leaf.astype(jnp.result_type(float)), x)


def rows_on_device(data: Any) -> Any:
    """These rows as floats, put there whole: computed there, each shape would be a compiled program."""
    return jax.device_put(as_floats(jax.tree.map(np.asarray, bare(data))))


def rows_in(tree: Any) -> int:
    """How many rows there are: the length of the leading axis."""
    return jax.tree.leaves(tree)[0].shape[0]
