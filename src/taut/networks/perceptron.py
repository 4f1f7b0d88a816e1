"""The multilayer perceptron."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from taut.shapes import RandomKey


class Perceptron(eqx.Module):
    """Linear layers with SiLU between them; with no hidden layer it is one linear map.

        h ← silu(W h + b) for each hidden layer,  then  W h + b

    `hidden` gives the widths. Weights start as uniform Glorot draws (Glorot & Bengio 2010), biases at zero, the last
    bias at `starting_outputs` where given: an output that starts at the mean of the data saves
    the first epochs.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> Perceptron(3, 2, hidden=(8,), key=jr.key(0))(jnp.ones(3)).shape
    (2,)
    """

    layers: tuple[eqx.nn.Linear, ...]

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        hidden: tuple[int, ...] = (200, 200),
        starting_outputs: Float[Array, "outputs"] | None = None,
        key: RandomKey,
    ):
        layers = _layers((inputs, *hidden, outputs), key)
        if starting_outputs is not None:
            layers[-1] = eqx.tree_at(lambda layer: layer.bias, layers[-1], starting_outputs)
        self.layers = tuple(layers)

    def __call__(self, h: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The outputs for one input vector."""
        for layer in self.layers[:-1]:
            h = jax.nn.silu(_applied(layer, h))
        return _applied(self.layers[-1], h)


def _applied(layer: eqx.nn.Linear, h: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
    """W h + b as h Wᵀ + b, so that many inputs at once give a row of outputs each and nothing is transposed."""
    bias: Any = layer.bias  # which a layer of equinox may lack, and these do not
    return h @ layer.weight.T + bias


@eqx.filter_jit
def _layers(widths: tuple[int, ...], key: RandomKey) -> list[eqx.nn.Linear]:
    """One program for all, since each draw alone would be one for each shape."""
    keys = jr.split(key, len(widths) - 1)
    return [_linear(*pair, key=k) for *pair, k in zip(widths[:-1], widths[1:], keys, strict=True)]


def _linear(inputs: int, outputs: int, *, key: RandomKey) -> eqx.nn.Linear:
    layer = eqx.nn.Linear(inputs, outputs, key=key)
    weight = jax.nn.initializers.glorot_uniform(in_axis=1, out_axis=0)(key, (outputs, inputs))
    return eqx.tree_at(lambda layer: (layer.weight, layer.bias), layer, (weight, jnp.zeros(outputs)))


def silent(network: Perceptron) -> Perceptron:
    """The same network with a last layer that starts at zero: it adds nothing until it is trained."""
    return eqx.tree_at(lambda net: net.layers[-1].weight, network, replace_fn=jnp.zeros_like)


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
        self.bent = silent(bent)

    def __call__(self, h: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The outputs for one input vector."""
        return self.linear(h) + self.bent(h)
