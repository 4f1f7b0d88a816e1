"""How a stored row becomes the datum that the model sees: at every access, on the device."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Num

from taut.shapes import RandomKey


class View(eqx.Module):
    """From a stored row, in its smallest dtype, to a datum."""

    @abstractmethod
    def __call__(self, row: Num[Array, "features"], *, key: RandomKey) -> Float[Array, "features"]:
        """The datum."""


class AsFloat(View):
    """The row as it is."""

    def __call__(self, row: Num[Array, "features"], *, key: RandomKey) -> Float[Array, "features"]:
        """The datum."""
        return row.astype(jnp.result_type(float))


class DynamicBinarisation(View):
    """Each entry a fresh Bernoulli draw with probability value/levels, at every access (Salakhutdinov & Murray 2008).

    >>> import jax, jax.numpy as jnp
    >>> DynamicBinarisation(255.0)(jnp.array([0, 255], jnp.uint8), key=jax.random.key(0)).tolist()
    [0.0, 1.0]
    """

    levels: float = eqx.field(static=True)

    def __call__(self, row: Num[Array, "features"], *, key: RandomKey) -> Float[Array, "features"]:
        """The datum."""
        share = row.astype(jnp.result_type(float)) / self.levels
        return (jr.uniform(key, row.shape) < share).astype(share.dtype)


class Packed(View):
    """Whole numbers in their own small dtype and, behind them, the bytes of `given` float32 numbers: see `pack`.

    >>> import jax, numpy as np
    >>> row = pack(np.array([[3, 200]], np.uint8), np.array([[0.25]], np.float32))[0]
    >>> row.dtype, Packed(given=1)(jnp.asarray(row), key=jax.random.key(0)).tolist()
    (dtype('uint8'), [3.0, 200.0, 0.25])
    """

    given: int = eqx.field(static=True)

    def __call__(self, row: Num[Array, "bytes"], *, key: RandomKey) -> Float[Array, "datum"]:
        """The datum."""
        width = 4 // row.dtype.itemsize
        entries, tail = row[: row.shape[0] - self.given * width], row[row.shape[0] - self.given * width :]
        given = lax.bitcast_convert_type(tail.reshape(self.given, width) if width > 1 else tail, jnp.float32)
        return jnp.concatenate([part.astype(jnp.result_type(float)) for part in (entries, given)])


def pack(values: Num[np.ndarray, "n features"], given: Float[np.ndarray, "n given"]) -> Num[np.ndarray, "n stored"]:
    """Rows for `Packed`: a matrix of counts would take four times the memory as floats, for a few numbers beside it."""
    beside = np.ascontiguousarray(given, "<f4").view(values.dtype)
    return np.concatenate([values, beside.reshape(len(values), -1)], axis=1)
