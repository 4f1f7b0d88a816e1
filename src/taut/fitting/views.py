"""How a stored row becomes the datum that the model sees: at every access, on the device."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
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
