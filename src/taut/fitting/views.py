"""How a stored row becomes the datum that the model sees: at every access, on the device."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Num

from taut.datum import Datum, as_floats
from taut.shapes import RandomKey


class View(eqx.Module):
    """From the stored values of a row, in their smallest dtype, to those of a datum."""

    @abstractmethod
    def __call__(self, row: Num[Array, "entries"], *, key: RandomKey) -> Float[Array, "entries"]:
        """The values of the datum."""


class AsFloat(View):
    """The values as they are, or those of any pytree of arrays."""

    def __call__(self, row: Any, *, key: RandomKey) -> Any:
        """The values of the datum."""
        return as_floats(row)


class DynamicBinarisation(View):
    """Each entry a fresh Bernoulli draw with probability value/levels, at every access (Salakhutdinov & Murray 2008).

    >>> import jax, jax.numpy as jnp
    >>> DynamicBinarisation(255.0)(jnp.array([0, 255], jnp.uint8), key=jax.random.key(0)).tolist()
    [0.0, 1.0]
    """

    levels: float = eqx.field(static=True)

    def __call__(self, row: Num[Array, "entries"], *, key: RandomKey) -> Float[Array, "entries"]:
        """The values of the datum."""
        share = row.astype(jnp.result_type(float)) / self.levels
        return (jr.uniform(key, row.shape) < share).astype(share.dtype)


def seen_through(view: View, row: Any, *, key: RandomKey) -> Any:
    """The datum of a stored row: its values through the view, all other numbers as floats."""
    if not isinstance(row, Datum):
        return view(row, key=key)
    return as_floats(Datum(view(row.values, key=key), row.observed, row.covariates, row.log_offset))
