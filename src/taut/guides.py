"""Guides: q(z|x), from a datum to a distribution of its latent."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float

from taut.datum import Datum, as_datum, bare, values_of
from taut.networks import Perceptron, check_network
from taut.numerics import SMALLEST_SCALE, AffineMap, inverse_softplus, mean_and_cholesky, positive
from taut.parts import NamedPart, PartRegistry
from taut.shapes import DataLike, DatumLike, RandomKey

__all__ = [
    "GUIDES",
    "AbstractGuide",
    "Constant",
    "Covariance",
    "FillMissing",
    "GaussianEncoder",
    "KnownPosterior",
    "LocalGaussian",
    "free_gaussians",
]


class AbstractGuide(eqx.Module):
    """q(z|x) for one datum x.

    `amortised` is True where one set of parameters serves all data; False where each datum has its own, and a
    guide for many data is then the same module with a leading axis on every array.
    """

    amortised: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""


Covariance = Literal["diagonal", "full"]


class GaussianEncoder(AbstractGuide):
    """q(z|x) = N(m(x), S(x)), with S diagonal or full; m and a root of S are outputs of one network.

    The network is a perceptron with `hidden` layers, or any other `network` from the `features` numbers it sees to
    2·latents numbers, for a full covariance latents·(latents + 3)/2; `hidden` is then not used. `inputs` brings the
    datum to the network's scale, and has no effect on any density.

    Raises OptionError where a `network` does not take a vector of `features` numbers, or has other outputs.
    References: Kingma & Welling 2014, arXiv:1312.6114, eq. 9.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> guide = GaussianEncoder(3, 2, hidden=(8,), key=jr.key(0))
    >>> guide(jnp.ones(3)).event_shape
    (2,)
    """

    network: Callable[[Float[Array, "inputs"]], Float[Array, "outputs"]]
    inputs: Callable[[DatumLike], Float[Array, "inputs"]] | None
    latents: int = eqx.field(static=True)
    covariance: Covariance = eqx.field(static=True)

    def __init__(
        self,
        features: int,
        latents: int,
        *,
        hidden: tuple[int, ...] = (200, 200),
        covariance: Covariance = "diagonal",
        inputs: Callable[[DatumLike], Float[Array, "inputs"]] | None = None,
        network: Callable[[Float[Array, "inputs"]], Float[Array, "outputs"]] | None = None,
        key: RandomKey,
    ):
        self.latents, self.covariance, self.inputs = latents, covariance, inputs
        outputs = gaussian_outputs(latents, covariance)
        if network is not None:
            check_network(network, features, outputs, option="network")
        self.network = Perceptron(features, outputs, hidden=hidden, key=key) if network is None else network

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""
        seen = values_of(x) if self.inputs is None else self.inputs(x)
        outputs = self.network(seen.astype(jnp.result_type(seen, float)))  # zeros and ones may come as integers
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


class FillMissing(AbstractGuide):
    """q(z|x) of another guide at x with its missing entries replaced by `usual` ones.

    A valid guide, and a poor one where much is missing: it takes what it made up for seen. Importance weights put that
    right in the limit; a Gaussian refined for the row does at once.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import GaussianEncoder
    >>> whole = GaussianEncoder(3, 2, hidden=(8,), key=jr.key(0))
    >>> guide = FillMissing(whole, usual=jnp.array([0.0, 5.0, 0.0]))
    >>> x = Datum(jnp.array([1.0, 0.0, 2.0]), observed=jnp.array([True, False, True]))
    >>> bool((guide(x).mean == whole(jnp.array([1.0, 5.0, 2.0])).mean).all())
    True
    """

    guide: AbstractGuide
    usual: Float[Array, "entries"]

    def __check_init__(self) -> None:
        assert self.guide.amortised, "a guide of parameters for each row does not look at the datum"

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""
        x = as_datum(x)
        if x.observed is None:
            return self.guide(bare(x))
        values = jnp.where(x.observed, x.values, lax.stop_gradient(self.usual).astype(x.values.dtype))
        return self.guide(bare(Datum(values, None, x.covariates, x.log_offset)))


class KnownPosterior(AbstractGuide):
    """q(z|x) = posterior(x), for instance a model's exact one, or a sampler's fit wrapped as a distribution.

    With the exact posterior every log-weight equals log p(x), whatever the draw.

    >>> import jax.numpy as jnp
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> KnownPosterior(model.posterior)(jnp.zeros(2)).event_shape
    (1,)
    """

    posterior: Callable[[DatumLike], dist.Distribution]

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""
        return self.posterior(x)


class Constant(AbstractGuide):
    """q(z|x) = one distribution, whatever x is: with the prior, importance weighting becomes naive Monte Carlo."""

    distribution: dist.Distribution

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The same distribution for every datum."""
        return self.distribution


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


def _gaussian(covariance: Covariance) -> NamedPart:
    def build(
        *, inputs: int, latents: int, reader: Any, network: Callable[[int], eqx.Module], key: RandomKey
    ) -> AbstractGuide:
        own: Any = network(gaussian_outputs(latents, covariance))
        return GaussianEncoder(inputs, latents, covariance=covariance, inputs=reader, network=own, key=key)

    return NamedPart(build)


GUIDES = PartRegistry("guide", {"diagonal": _gaussian("diagonal"), "full": _gaussian("full")}, kind=AbstractGuide)
