"""Priors: p(z) over one vector of latents, fixed or trained with the model."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.errors import ShapeError
from taut.numerics import SMALLEST_SCALE, GaussianMixture, inverse_softplus, positive
from taut.parts import NamedPart, PartRegistry
from taut.shapes import DataLike, RandomKey

COMPONENTS = 50
# At the start, the share of the variance of N(0, I) that lies between the components of a mixture.
BETWEEN = 0.5


def standard_normal(latents: int) -> dist.Distribution:
    """N(0, I) over vectors of this length.

    >>> standard_normal(3).event_shape
    (3,)
    """
    return dist.Normal(jnp.zeros(latents), jnp.ones(latents), validate_args=False).to_event(1)


class GaussianPrior(eqx.Module):
    """p(z) = N(mean, diag(scale²)), both learned; it starts at N(0, I).

    >>> GaussianPrior(2)().variance.tolist()
    [1.0, 1.0]
    """

    mean: Float[Array, "latents"]
    raw_scale: Float[Array, "latents"]

    def __init__(self, latents: int):
        self.mean, self.raw_scale = jnp.zeros(latents), _raw(jnp.ones(latents))

    def __call__(self) -> dist.Distribution:
        """The distribution."""
        return dist.Normal(self.mean, positive(self.raw_scale), validate_args=False).to_event(1)


class MixturePrior(eqx.Module):
    """p(z) = Σ_k π_k N(m_k, diag(s_k²)), all learned.

    >>> MixturePrior(jnp.zeros((3, 2)), jnp.ones((3, 2)))().mean.tolist()
    [0.0, 0.0]
    """

    logits: Float[Array, "components"]
    means: Float[Array, "components latents"]
    raw_scales: Float[Array, "components latents"]

    def __init__(self, means: Float[Array, "components latents"], scales: Float[Array, "components latents"]):
        self.logits, self.means, self.raw_scales = jnp.zeros(len(means)), means, _raw(scales)

    def __call__(self) -> GaussianMixture:
        """The distribution."""
        return GaussianMixture(self.logits, means=self.means, scales=positive(self.raw_scales))

    @classmethod
    def spread(cls, components: int, latents: int, *, key: RandomKey) -> MixturePrior:
        """Components at random, so that their mixture has nearly the moments of N(0, I)."""
        means = BETWEEN**0.5 * jr.normal(key, (components, latents))
        return cls(means, jnp.full_like(means, (1.0 - BETWEEN) ** 0.5))


def _raw(scales: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    return inverse_softplus(jnp.maximum(scales - SMALLEST_SCALE, SMALLEST_SCALE))


def _mixture(components: int = COMPONENTS, *, latents: int, key: RandomKey, rows: DataLike) -> MixturePrior:
    return MixturePrior.spread(components, latents, key=key)


PRIORS = PartRegistry(
    "prior",
    {
        "normal": NamedPart(lambda *, latents, key, rows: standard_normal(latents)),
        "gaussian": NamedPart(lambda *, latents, key, rows: GaussianPrior(latents)),
        "mixture": NamedPart(_mixture, "number of components", most=1),
    },
    kind=(dist.Distribution, eqx.Module),
)


def prior_for(given: Any, *, latents: int, rows: DataLike, key: RandomKey) -> Any:
    """The prior that was given by name, as an object, or as a function of `latents` and `key`.

    `rows` are data from which a prior with a name may start.
    Raises OptionError where it is none of these, ShapeError where it is not over one vector of so many latents.
    """
    data = {"rows": rows} if isinstance(given, str) else {}
    prior = PRIORS.build(given, latents=latents, key=key, **data)
    check_prior(prior, latents)
    return prior


def check_prior(prior: Any, latents: int) -> None:
    """Raise ShapeError where a distribution, or a module that returns one, is not over one vector of so many latents.

    >>> check_prior(standard_normal(2), latents=2)
    """
    given = prior if isinstance(prior, dist.Distribution) else prior()
    if not isinstance(given, dist.Distribution):
        raise ShapeError(
            f"A prior that is a distribution of numpyro is wanted; got a {type(given).__name__}; return one."
        )
    if (given.batch_shape, given.event_shape) != ((), (latents,)):
        raise ShapeError(
            f"A prior over one vector of {latents} latents is wanted; got batch shape {given.batch_shape} and "
            f"event shape {given.event_shape}; for independent latents end it with `.to_event(1)`."
        )
