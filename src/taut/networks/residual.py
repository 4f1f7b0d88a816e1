"""The residual perceptron."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from taut.networks.perceptron import Perceptron, silent
from taut.shapes import RandomKey


class Residual(eqx.Module):
    """A stream as wide as the first of `hidden`, to which each block adds what it makes of the normalised stream.

        h ← W h + b,   then for each width   h ← h + V silu(U LN(h) + a) + c,   then   W h + b

    `hidden` gives the inner widths of the blocks; LN brings the entries of its argument to mean 0 and variance 1, and
    what would scale and move them is in U and a. Each V starts at zero, so that the network starts as a linear map, and
    depth can be added without harm to the start. Other weights start as uniform Glorot draws, biases at zero, the last
    bias at `starting_outputs` where given.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> Residual(3, 2, hidden=(8, 8), key=jr.key(0))(jnp.ones(3)).shape
    (2,)

    References: He et al. 2016, Identity mappings in deep residual networks, arXiv:1603.05027; Ba et al. 2016, Layer
    normalization, arXiv:1607.06450; Xiong et al. 2020, On layer normalization in the transformer, arXiv:2002.04745.
    """

    first: Perceptron
    blocks: tuple[Perceptron, ...]
    last: Perceptron

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        hidden: tuple[int, ...] = (200, 200),
        starting_outputs: Float[Array, "outputs"] | None = None,
        key: RandomKey,
    ):
        first_key, last_key, *keys = jr.split(key, 2 + len(hidden))
        width = hidden[0] if hidden else outputs
        self.first = Perceptron(inputs, width, hidden=(), key=first_key)
        self.blocks = tuple(
            silent(Perceptron(width, width, hidden=(inner,), key=own)) for inner, own in zip(hidden, keys, strict=True)
        )
        self.last = Perceptron(width, outputs, hidden=(), starting_outputs=starting_outputs, key=last_key)

    def __call__(self, h: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The outputs for one input vector."""
        h = self.first(h)
        for block in self.blocks:
            h = h + block(normalised(h))
        return self.last(h)


def normalised(h: Float[Array, "width"], small: float = 1e-5) -> Float[Array, "width"]:
    """Entries less their mean, over their standard deviation: layer normalisation.

    >>> normalised(jnp.array([1.0, 3.0])).round(2).tolist()
    [-1.0, 1.0]
    """
    centred = h - jnp.mean(h)
    return centred * jax.lax.rsqrt(jnp.mean(centred**2) + small)
