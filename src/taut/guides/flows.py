"""Normalising flows as families of q(z|x): told apart by what an encoder says of the datum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float
from numpyro.distributions import constraints, transforms

from taut.errors import OptionError
from taut.guides.families import AbstractFamily
from taut.networks import AbstractFlow, Autoregressive, Layers, SplineCoupling
from taut.numerics import AffineMap, positive
from taut.shapes import RandomKey

# Numbers by which an encoder tells a flow of the datum, beside means and scales; hidden units of a layer, at least.
CONTEXT, HIDDEN = 32, 64


class Flow(AbstractFamily):
    """z = m + s ∘ f(u; c), u ~ N(0, I): m, s and the context c are outputs of the encoder, f a bijection given c.

    log q of a draw comes with it; that of any other z costs the inverse of f.

    >>> import jax
    >>> flow = autoregressive_flow(2, latents=3, key=jax.random.key(0))
    >>> flow(jnp.zeros(flow.outputs)).event_shape
    (3,)
    """

    bijection: AbstractFlow
    latents: int = eqx.field(static=True)
    context: int = eqx.field(static=True)

    @property
    def outputs(self) -> int:
        """A mean and a scale for each latent, and the context."""
        return 2 * self.latents + self.context

    def __call__(self, outputs: Float[Array, "outputs"]) -> dist.Distribution:
        """The flow that these numbers name."""
        mean, raw_scale, context = jnp.split(outputs, (self.latents, 2 * self.latents))
        base = dist.Normal(jnp.zeros_like(mean), jnp.ones_like(mean), validate_args=False).to_event(1)
        bent = FlowTransform(self.bijection, context, AffineMap(mean, positive(raw_scale)))
        return dist.TransformedDistribution(base, bent, validate_args=False)


class FlowTransform(transforms.Transform):
    """z = m + s ∘ f(u; c), as a transform of numpyro."""

    domain = constraints.real_vector  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]
    codomain = constraints.real_vector  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def __init__(self, bijection: AbstractFlow, context: Float[Array, "context"], frame: AffineMap):
        self.bijection, self.context, self.frame = bijection, context, frame

    def __call__(self, x: Float[Array, "latents"]) -> Float[Array, "latents"]:
        """Forward."""
        return self.call_with_intermediates(x)[0]

    def _inverse(self, y: Float[Array, "latents"]) -> Float[Array, "latents"]:
        return self.bijection.inverse(self.frame.coordinates(y), self.context)

    def call_with_intermediates(self, x: Float[Array, "latents"]) -> tuple[Array, Array]:
        """Forward, and the logarithm of the volume."""
        bent, volume = self.bijection.forward(x, self.context)
        return self.frame.place(bent), volume + self.frame.log_volume()

    def log_abs_det_jacobian(self, x: Array, y: Array, intermediates: Array | None = None) -> Array:
        """The logarithm of the volume at x."""
        return self.call_with_intermediates(x)[1] if intermediates is None else intermediates

    def tree_flatten(self) -> tuple[Any, Any]:
        """Its arrays, for JAX."""
        return (self.bijection, self.context, self.frame), (("bijection", "context", "frame"), {})


def autoregressive_flow(layers: int = 2, *, latents: int, key: RandomKey) -> Flow:
    """An inverse autoregressive flow: a draw and its log q take one pass, log q of any other z one for each latent.

    Raises OptionError where there is one latent.
    References: Kingma et al. 2016, arXiv:1606.04934.
    """
    return _flow("flow", Autoregressive, layers, latents, key)


def spline_flow(layers: int = 4, *, latents: int, key: RandomKey) -> Flow:
    """Splines of half of the latents given the other half: draws and log q of any z take one pass.

    Raises OptionError where there is one latent.
    References: Durkan et al. 2019, arXiv:1906.04032.
    """
    return _flow("spline", SplineCoupling, layers, latents, key)


def _flow(name: str, layer: Callable[..., AbstractFlow], layers: int, latents: int, key: RandomKey) -> Flow:
    if latents < 2:
        raise OptionError(
            f"`{name}` wants at least 2 latents, since it bends each by the others; got {latents}; take `mixture`, or "
            "more latents.",
            option="guide",
        )
    hidden = max(HIDDEN, 2 * latents)
    return Flow(Layers.of(layer, latents, context=CONTEXT, layers=layers, hidden=hidden, key=key), latents, CONTEXT)
