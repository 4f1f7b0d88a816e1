"""Flows: invertible networks from a vector to a vector of the same length, which may be told a context besides."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from taut.networks.perceptron import Perceptron
from taut.numerics import SMALLEST_SCALE, positive
from taut.shapes import RandomKey, Scalar

Vector = Float[Array, "entries"]
Context = Float[Array, "context"]
# The last layer of a conditioner starts so small that the flow starts near the identity.
FIRST = 0.1
# A spline bends what lies within so many units of zero, between so many knots.
KNOTS, REACH = 8, 5.0
# Of a softplus, where its value is one.
ONE = float(np.log(np.expm1(1.0 - SMALLEST_SCALE)))


class AbstractFlow(eqx.Module):
    """A bijection, given a context, and the volume that it makes of one."""

    @abstractmethod
    def forward(self, u: Vector, context: Context) -> tuple[Vector, Scalar]:
        """f(u), and log |det ∂f/∂u|."""

    @abstractmethod
    def inverse(self, z: Vector, context: Context) -> Vector:
        """The u with f(u) = z."""


class Autoregressive(AbstractFlow):
    """One layer z_i = u_i s_i + m_i, where s_i and m_i are functions of u_1 … u_(i−1) and the context.

    Forward takes one pass through a network with masked weights, the inverse as many as there are entries.
    References: Kingma et al. 2016, arXiv:1606.04934, eq. 10; Germain et al. 2015, arXiv:1502.03509, eqs 12 and 13.
    """

    inside: Float[Array, "hidden entries"]
    told: Float[Array, "hidden context"]
    bias: Float[Array, "hidden"]
    out: Float[Array, "outputs hidden"]
    out_bias: Float[Array, "outputs"]

    def __init__(self, entries: int, context: int, *, hidden: int, key: RandomKey):
        inside_key, told_key, out_key = jr.split(key, 3)
        self.inside = _glorot(inside_key, hidden, entries)
        self.told = _glorot(told_key, hidden, context)
        self.bias = jnp.zeros(hidden)
        self.out = FIRST * _glorot(out_key, 2 * entries, hidden)
        self.out_bias = jnp.zeros(2 * entries)

    def forward(self, u: Vector, context: Context) -> tuple[Vector, Scalar]:
        """All entries at once."""
        shift, scale = self._conditioned(u, context)
        return u * scale + shift, jnp.sum(jnp.log(scale))

    def inverse(self, z: Vector, context: Context) -> Vector:
        """One entry after another: each pass knows one more."""

        def one_more(_: Int[Array, ""], u: Vector) -> Vector:
            shift, scale = self._conditioned(u, context)
            return (z - shift) / scale

        return lax.fori_loop(0, z.shape[0], one_more, jnp.zeros_like(z))

    def _conditioned(self, u: Vector, context: Context) -> tuple[Vector, Vector]:
        sees, reaches = _masks(*self.inside.shape)
        hidden = u @ jnp.where(sees, self.inside, 0.0).T + context @ self.told.T + self.bias
        outputs = jax.nn.silu(hidden) @ jnp.where(np.tile(reaches, (2, 1)), self.out, 0.0).T + self.out_bias
        shift, raw = jnp.split(outputs, 2)
        return shift, positive(raw + ONE)


def _masks(hidden: int, entries: int) -> tuple[Bool[np.ndarray, "hidden entries"], Bool[np.ndarray, "entries hidden"]]:
    """Which entries a hidden unit sees, and which outputs it reaches.

    A unit of rank r sees the entries up to r, and reaches those after it; of rank −1 it sees the context alone.
    """
    ranks, places = np.arange(hidden) % entries - 1, np.arange(entries)
    return ranks[:, None] >= places[None], places[:, None] > ranks[None]


class SplineCoupling(AbstractFlow):
    """One layer that bends the second half of the entries by monotone splines, told the first half and the context.

    References: Durkan et al. 2019, arXiv:1906.04032, eqs 4–8. The splines are those of flowjax.
    """

    conditioner: Perceptron
    entries: int = eqx.field(static=True)

    def __init__(self, entries: int, context: int, *, hidden: int, key: RandomKey):
        self.entries = entries
        kept = entries // 2
        conditioner = Perceptron(kept + context, (entries - kept) * (3 * KNOTS + 4), hidden=(hidden,), key=key)
        self.conditioner = eqx.tree_at(lambda c: c.layers[-1].weight, conditioner, replace_fn=lambda w: FIRST * w)

    def forward(self, u: Vector, context: Context) -> tuple[Vector, Scalar]:
        """The first half as it is."""
        kept, bent = jnp.split(u, (self.entries // 2,))
        bent, volumes = jax.vmap(_spline)(self._conditioned(kept, context), bent)
        return jnp.concatenate([kept, bent]), jnp.sum(volumes)

    def inverse(self, z: Vector, context: Context) -> Vector:
        """In one pass, too."""
        kept, bent = jnp.split(z, (self.entries // 2,))
        bent = jax.vmap(_inverse_spline)(self._conditioned(kept, context), bent)
        return jnp.concatenate([kept, bent])

    def _conditioned(self, kept: Float[Array, "kept"], context: Context) -> Float[Array, "bent parameters"]:
        outputs = self.conditioner(jnp.concatenate([kept, context]))
        return outputs.reshape(self.entries - self.entries // 2, -1)


def _spline(parameters: Float[Array, "parameters"], value: Scalar) -> tuple[Scalar, Scalar]:
    return _spline_of(parameters).transform_and_log_det(value)


def _inverse_spline(parameters: Float[Array, "parameters"], value: Scalar) -> Scalar:
    return _spline_of(parameters).inverse_and_log_det(value)[0]


def _spline_of(parameters: Float[Array, "parameters"]) -> Any:
    """The identity where all parameters are zero."""
    from flowjax.bijections import RationalQuadraticSpline  # noqa: PLC0415  heavy, and few flows bend
    from paramax import unwrap  # noqa: PLC0415  as above

    spline: Any = RationalQuadraticSpline(knots=KNOTS, interval=REACH)
    widths, heights, slopes = jnp.split(parameters, (KNOTS + 1, 2 * KNOTS + 2))
    own = (widths, heights, spline.derivatives.args[0] + slopes)
    return unwrap(eqx.tree_at(lambda s: (s.x_pos.arr, s.y_pos.arr, s.derivatives.args[0]), spline, own))


class Layers(AbstractFlow):
    """Layers one after another, with the entries in another order before each.

    >>> import jax, jax.numpy as jnp
    >>> flow = Layers.of(Autoregressive, 3, context=2, layers=2, hidden=8, key=jax.random.key(0))
    >>> z, _ = flow.forward(jnp.array([1.0, 0.0, -1.0]), jnp.ones(2))
    >>> flow.inverse(z, jnp.ones(2)).round(3).tolist()
    [1.0, 0.0, -1.0]
    """

    layers: tuple[AbstractFlow, ...]

    @classmethod
    def of(
        cls, layer: Callable[..., AbstractFlow], entries: int, *, context: int, layers: int, hidden: int, key: RandomKey
    ) -> Layers:
        """As many of one kind."""
        return cls(tuple(layer(entries, context, hidden=hidden, key=one) for one in jr.split(key, layers)))

    def forward(self, u: Vector, context: Context) -> tuple[Vector, Scalar]:
        """The first layer first."""
        volume = jnp.zeros((), u.dtype)
        for layer, order in zip(self.layers, self._orders(u.shape[0]), strict=True):
            u, own = layer.forward(u[order], context)
            volume = volume + own
        return u, volume

    def inverse(self, z: Vector, context: Context) -> Vector:
        """The last layer first."""
        for layer, order in reversed(list(zip(self.layers, self._orders(z.shape[0]), strict=True))):
            z = layer.inverse(z, context)[np.argsort(order)]
        return z

    def _orders(self, entries: int) -> list[Int[np.ndarray, "entries"]]:
        """Fixed: every second one the reverse, so that what came last comes first, the others shuffled."""
        as_is = np.arange(entries)
        return [
            as_is[::-1] if number % 2 else as_is if number == 0 else np.random.default_rng(number).permutation(entries)
            for number in range(len(self.layers))
        ]


def _glorot(key: RandomKey, outputs: int, inputs: int) -> Float[Array, "outputs inputs"]:
    reach = (6.0 / (inputs + outputs)) ** 0.5
    return jr.uniform(key, (outputs, inputs), minval=-reach, maxval=reach)
