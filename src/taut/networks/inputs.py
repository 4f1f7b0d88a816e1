"""What an encoder sees: the datum brought to a scale on which a network learns. No density depends on it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Num


class Standardise(eqx.Module):
    """(x − centre) / spread, optionally after log(1 + x) for counts; both fixed, not trained."""

    centre: Float[Array, "features"]
    spread: Float[Array, "features"]
    logarithm: bool = eqx.field(static=True, default=False)

    def __call__(self, x: Num[Array, "features"]) -> Float[Array, "features"]:
        """The standardised datum."""
        centre, spread = lax.stop_gradient((self.centre, self.spread))
        seen = jnp.log1p(x) if self.logarithm else x
        return (seen - centre) / spread


class OneHot(eqx.Module):
    """Category codes 0 … C−1 as C indicators for each entry."""

    classes: int = eqx.field(static=True)

    def __call__(self, x: Num[Array, "features"]) -> Float[Array, "inputs"]:
        """The indicators, entry after entry."""
        return jax.nn.one_hot(x.astype(jnp.int32), self.classes).reshape(-1)
