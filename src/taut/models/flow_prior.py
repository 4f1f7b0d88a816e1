"""A prior that is a normalising flow."""

# numpyro's own distributions override these methods and properties in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float
from numpyro.distributions import constraints

from taut.errors import OptionError
from taut.networks import AbstractFlow, Autoregressive, Layers
from taut.numerics import AffineMap, floats_on_device, inverse_softplus, log_standard_normal, positive
from taut.shapes import RandomKey, Scalar

HIDDEN = 64
Vector = Float[Array, "latents"]
Places = Float[np.ndarray, "n latents"]


class FlowDistribution(dist.Distribution):
    """The z for which u = f((z − m)/s) is N(0, I), with f a flow: log p(z) takes one pass, a draw the inverse of f."""

    arg_constraints = {}  # noqa: RUF012  as numpyro's own distributions declare them
    support = constraints.real_vector
    pytree_data_fields = ("flow", "frame")

    def __init__(self, flow: AbstractFlow, frame: AffineMap):
        self.flow, self.frame = flow, frame
        super().__init__(batch_shape=(), event_shape=frame.mean.shape, validate_args=False)

    def straightened(self, z: Vector) -> tuple[Vector, Scalar]:
        """u, and log |det ∂u/∂z|."""
        u, volume = self.flow.forward(self.frame.coordinates(z), jnp.zeros(0, z.dtype))
        return u, volume - self.frame.log_volume()

    def placed(self, u: Vector) -> Vector:
        """The z of a u."""
        return self.frame.place(self.flow.inverse(u, jnp.zeros(0, u.dtype)))

    def log_prob(self, value: Float[Array, "*batch latents"]) -> Float[Array, "*batch"]:
        """log p of a vector, or of several."""

        def one(z: Vector) -> Scalar:
            u, volume = self.straightened(z)
            return log_standard_normal(u) + volume

        return jnp.vectorize(one, signature="(d)->()")(value)

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "*batch latents"]:
        """N(0, I) through the inverse of f."""
        u = jr.normal(key, (*sample_shape, *self.event_shape), self.frame.mean.dtype)
        return jnp.vectorize(self.placed, signature="(d)->(d)")(u)

    def precision_at(self, value: Vector) -> Float[Array, "latents latents"]:
        """JᵀJ with J = ∂u/∂z: −∇² log p without the curvature of f, and never negative."""
        slope = jax.jacfwd(lambda z: self.straightened(z)[0])(value)
        return slope.T @ slope


class FlowPrior(eqx.Module):
    """p(z) = N(f((z − m)/s); 0, I) |det ∂f/∂z|, all learned: f is masked autoregressive and starts near the identity.

    Raises OptionError where there is one latent.
    References: Papamakarios, Pavlakou & Murray 2017, arXiv:1705.07057, §3; Chen et al. 2017, arXiv:1611.02731, §3.2
    (as the prior of an autoencoder).

    >>> import jax
    >>> FlowPrior(2, latents=3, key=jax.random.key(0))().event_shape
    (3,)
    """

    flow: Layers
    mean: Float[Array, "latents"]
    raw_scale: Float[Array, "latents"]

    def __init__(self, layers: int, *, latents: int, key: RandomKey):
        if latents < 2:
            raise OptionError(
                f"`prior` wants at least 2 latents for `flow`, which bends each by the others; got {latents}; take "
                "`mixture`, or more latents.",
                option="prior",
            )
        hidden = max(HIDDEN, 2 * latents)
        self.flow = Layers.of(Autoregressive, latents, context=0, layers=layers, hidden=hidden, key=key)
        self.mean, self.raw_scale = jnp.zeros(latents), inverse_softplus(jnp.ones(latents))

    def started_at(self, means: Places, variances: Places, *, rng: np.random.Generator) -> FlowPrior:
        """With the moments of all rows together."""
        scale = np.sqrt(variances.mean(axis=0) + means.var(axis=0))
        start = floats_on_device(means.mean(axis=0)), inverse_softplus(floats_on_device(scale))
        return eqx.tree_at(lambda prior: (prior.mean, prior.raw_scale), self, start)

    def __call__(self) -> FlowDistribution:
        """The distribution."""
        return FlowDistribution(self.flow, AffineMap(self.mean, positive(self.raw_scale)))
