"""Families of q(z|x): what the outputs of a network are the parameters of."""

from __future__ import annotations

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.guides.base import AbstractGuide, Inputs, Network, read
from taut.numerics import Categories, GaussianMixture, positive
from taut.shapes import DatumLike


class AbstractFamily(eqx.Module):
    """Distributions over one vector of latents, each named by a vector of `outputs` real numbers."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many numbers name a distribution."""

    @abstractmethod
    def __call__(self, outputs: Float[Array, "outputs"]) -> dist.Distribution:
        """The distribution that these numbers name."""


class Encoder(AbstractGuide):
    """q(z|x) = family(network(inputs(x))): an amortised guide of any family.

    The network receives what `inputs` makes of a datum, by default its values, and returns `family.outputs` numbers.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.networks import Perceptron
    >>> family = LowRank(latents=4, rank=1)
    >>> guide = Encoder(family, Perceptron(3, family.outputs, hidden=(8,), key=jr.key(0)))
    >>> guide(jnp.ones(3)).event_shape
    (4,)
    """

    family: AbstractFamily
    network: Network
    inputs: Inputs | None = None

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""
        return self.family(self.network(read(self.inputs, x)))


class LowRank(AbstractFamily):
    """N(m, S (I + V Vᵀ) S), with S diagonal and V of so many columns: draws and densities cost latents × rank.

    References: Rezende, Mohamed & Wierstra 2014, arXiv:1401.4082, §4.3 (rank one); Ong, Nott & Smith 2018,
    arXiv:1701.03208.

    >>> LowRank(latents=10, rank=2).outputs
    40
    """

    latents: int = eqx.field(static=True)
    rank: int = eqx.field(static=True)

    @property
    def outputs(self) -> int:
        """A mean and a scale for each latent, and its row of V."""
        return self.latents * (2 + self.rank)

    def __call__(self, outputs: Float[Array, "outputs"]) -> dist.Distribution:
        """The Gaussian that these numbers name."""
        mean, raw_scale, factor = jnp.split(outputs, (self.latents, 2 * self.latents))
        scale = positive(raw_scale)
        factor = scale[:, None] * factor.reshape(self.latents, self.rank) / self.rank**0.5
        return dist.LowRankMultivariateNormal(mean, factor, scale**2, validate_args=False)


class Mixture(AbstractFamily):
    """Σ_k π_k N(m_k, S_k), each S_k diagonal.

    Training draws once from each component and weighs the draw by π_k, so that the shares have a gradient, too, and no
    component is left without draws.

    References: Morningstar et al. 2021, arXiv:2003.01687, eq. 5 (stratified draws).

    >>> Mixture(latents=10, components=3).outputs
    63
    """

    latents: int = eqx.field(static=True)
    components: int = eqx.field(static=True)

    @property
    def outputs(self) -> int:
        """A share, a mean and a scale for each component."""
        return self.components * (1 + 2 * self.latents)

    def __call__(self, outputs: Float[Array, "outputs"]) -> dist.Distribution:
        """The mixture that these numbers name."""
        logits, means, raw_scales = jnp.split(outputs, (self.components, self.components * (1 + self.latents)))
        shape = (self.components, self.latents)
        return GaussianMixture(logits, means=means.reshape(shape), scales=positive(raw_scales.reshape(shape)))


class Categorical(AbstractFamily):
    """Independent categorical variables, each as the indicator of its category.

    Their draws carry no gradient: training wants an objective such as `summed`, `vimco`, `rloo` or `rws`.

    >>> Categorical(variables=2, categories=3).outputs
    6
    """

    variables: int = eqx.field(static=True)
    categories: int = eqx.field(static=True)

    @property
    def outputs(self) -> int:
        """A number for each category of each variable."""
        return self.variables * self.categories

    def __call__(self, outputs: Float[Array, "outputs"]) -> Categories:
        """The distribution that has these log-odds."""
        return Categories(outputs.reshape(self.variables, self.categories))
