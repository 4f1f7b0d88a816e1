"""A prior of categorical latents, trained with the model."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from taut.numerics import Categories, categorical_shape


class CategoricalPrior(eqx.Module):
    """p(z) of latents / categories independent categorical variables, as indicators; its shares are learned.

    >>> CategoricalPrior(6, 3)().mean.round(2).tolist()
    [0.33, 0.33, 0.33, 0.33, 0.33, 0.33]
    """

    logits: Float[Array, "variables categories"]

    def __init__(self, latents: int, categories: int | None = None):
        self.logits = jnp.zeros(categorical_shape(latents, categories, option="prior"))

    def __call__(self) -> Categories:
        """The distribution."""
        return Categories(self.logits)
