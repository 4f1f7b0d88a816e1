"""Gaussian guides: amortised by one network, or with parameters for each datum."""

from __future__ import annotations

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.guides.base import AbstractGuide, Inputs, Network, read
from taut.networks import Perceptron, check_network
from taut.numerics import SMALLEST_SCALE, AffineMap, inverse_softplus, mean_and_cholesky, positive
from taut.shapes import DataLike, DatumLike, RandomKey

Covariance = Literal["diagonal", "full"]
"""What the covariance of a Gaussian may be."""


class GaussianEncoder(AbstractGuide):
    """q(z|x) = N(m(x), S(x)), with S diagonal or full; m and a root of S are outputs of one network.

    The network is a perceptron with `hidden` layers, or any other `network` from the `features` numbers it sees to
    2·latents numbers, for a full covariance latents·(latents + 3)/2; `hidden` is then not used. `inputs` brings the
    datum to the network's scale, and has no effect on any density.

    Where it is used q takes `steps` natural-gradient steps towards each datum's posterior. They need the model:
    `taut.fitting.in_use(model, guide)` takes them. Training climbs what the network says, and so says a call.

    Raises OptionError where a `network` does not take a vector of `features` numbers, or has other outputs.
    References: Kingma & Welling 2014, arXiv:1312.6114, eq. 9.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> guide = GaussianEncoder(3, 2, hidden=(8,), key=jr.key(0))
    >>> guide(jnp.ones(3)).event_shape
    (2,)
    """

    network: Network
    inputs: Inputs | None
    latents: int = eqx.field(static=True)
    covariance: Covariance = eqx.field(static=True)
    steps: int = eqx.field(static=True)

    def __init__(
        self,
        features: int,
        latents: int,
        *,
        hidden: tuple[int, ...] = (200, 200),
        covariance: Covariance = "diagonal",
        inputs: Inputs | None = None,
        network: Network | None = None,
        steps: int = 0,
        key: RandomKey,
    ):
        self.latents, self.covariance, self.inputs, self.steps = latents, covariance, inputs, steps
        outputs = gaussian_outputs(latents, covariance)
        if network is not None:
            check_network(network, features, outputs, option="network")
        self.network = Perceptron(features, outputs, hidden=hidden, key=key) if network is None else network

    @property
    def refining_steps(self) -> int:
        """`steps`."""
        return self.steps

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum, before any step."""
        outputs = self.network(read(self.inputs, x))
        mean, raw_scale, below = jnp.split(outputs, (self.latents, 2 * self.latents))
        scale = positive(raw_scale)
        if self.covariance == "diagonal":
            return AffineMap(mean, scale).distribution()
        return AffineMap(mean, jnp.diag(scale).at[jnp.tril_indices(self.latents, -1)].set(below)).distribution()


def gaussian_outputs(latents: int, covariance: Covariance) -> int:
    """How many numbers a network says a mean and a root of the covariance with.

    >>> gaussian_outputs(3, "diagonal"), gaussian_outputs(3, "full")
    (6, 9)
    """
    return 2 * latents + (latents * (latents - 1) // 2 if covariance == "full" else 0)


class LocalGaussian(AbstractGuide):
    """q(z) = N(mean, C Cᵀ) with its own parameters: the diagonal of C positive, `below` None for a diagonal C."""

    mean: Float[Array, "*n latents"]
    raw_scale: Float[Array, "*n latents"]
    below: Float[Array, "*n latents latents"] | None
    amortised: ClassVar[bool] = False

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution, which does not look at the datum: its parameters belong to it already."""
        scale = positive(self.raw_scale)
        root = scale if self.below is None else jnp.diag(scale) + jnp.tril(self.below, -1)
        return AffineMap(self.mean, root).distribution()

    @classmethod
    def like(cls, distribution: dist.Distribution, *, covariance: Covariance) -> LocalGaussian:
        """The local guide that starts at a given Gaussian."""
        mean, root = mean_and_cholesky(distribution)
        scale = jnp.maximum(jnp.diagonal(root) - SMALLEST_SCALE, SMALLEST_SCALE)
        below = jnp.tril(root, -1) if covariance == "full" else None
        return cls(mean, inverse_softplus(scale), below)


def free_gaussians(guide: AbstractGuide, data: DataLike, *, covariance: Covariance = "diagonal") -> LocalGaussian:
    """One local Gaussian for each row of `data`, each starting where `guide` puts it.

    Returns a `LocalGaussian` with a leading axis over rows, ready for `taut.refine`.
    Raises NotImplementedError where the guide is not Gaussian.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import GaussianEncoder
    >>> free_gaussians(GaussianEncoder(3, 2, key=jr.key(0)), jnp.ones((5, 3))).mean.shape
    (5, 2)
    """
    return eqx.filter_vmap(lambda x: LocalGaussian.like(guide(x), covariance=covariance))(data)
