"""Guides that are already a distribution: a known posterior, or the same distribution for every datum."""

from collections.abc import Callable

import numpyro.distributions as dist

from taut.guides.base import AbstractGuide
from taut.shapes import DatumLike


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
