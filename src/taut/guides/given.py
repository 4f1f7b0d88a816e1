"""Guides that are made of others, or of distributions that are known."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float

from taut.datum import Datum, as_datum, bare
from taut.guides.base import AbstractGuide
from taut.shapes import DatumLike


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

    @property
    def refining_steps(self) -> int:
        """As that of the other guide: the steps see the datum as it is."""
        return self.guide.refining_steps

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
