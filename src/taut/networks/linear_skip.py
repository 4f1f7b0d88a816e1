"""A perceptron beside a linear map."""

from __future__ import annotations

import equinox as eqx
import jax.random as jr
from jaxtyping import Array, Float

from taut.networks.perceptron import Perceptron
from taut.shapes import RandomKey


class LinearSkip(eqx.Module):
    """A linear map plus a perceptron whose last layer starts at zero: factor analysis first, then what it misses.

    Tables of a few hundred rows are mostly linear; a network alone has to learn that before it learns anything else.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> LinearSkip(3, 2, hidden=(8,), key=jr.key(0))(jnp.ones(3)).shape
    (2,)
    """

    linear: Perceptron
    bent: Perceptron

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        hidden: tuple[int, ...],
        starting_outputs: Float[Array, "outputs"] | None = None,
        key: RandomKey,
    ):
        linear_key, bent_key = jr.split(key)
        self.linear = Perceptron(inputs, outputs, hidden=(), starting_outputs=starting_outputs, key=linear_key)
        bent = Perceptron(inputs, outputs, hidden=hidden, key=bent_key)
        self.bent = eqx.tree_at(lambda net: net.layers[-1].weight, bent, replace_fn=lambda weight: 0.0 * weight)

    def __call__(self, h: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The outputs for one input vector."""
        return self.linear(h) + self.bent(h)
