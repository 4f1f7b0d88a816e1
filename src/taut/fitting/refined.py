"""A guide as it is used: with the steps towards each datum's posterior that training does not take."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpyro.distributions as dist

from taut.fitting.posterior import stepped_gaussian
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import AffineMap
from taut.shapes import DatumLike


class RefinedGuide(AbstractGuide):
    """q(z|x) of a Gaussian guide after natural-gradient steps towards p(z|x): a Gaussian with full covariance.

    The same datum has the same q each time. References: Kim et al. 2018, arXiv:1802.02550; Marino et al. 2018,
    arXiv:1807.09356 (there by gradients of the ELBO).
    """

    model: AbstractModel
    guide: AbstractGuide
    steps: int = eqx.field(static=True)

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""
        start = AffineMap.of(self.guide(x))
        return stepped_gaussian(self.model, x, start, steps=self.steps).distribution()

    @property
    def inputs(self) -> Any:
        """How the guide reads a datum."""
        return getattr(self.guide, "inputs", None)


def in_use(model: AbstractModel, guide: AbstractGuide) -> AbstractGuide:
    """The guide that scores, embeds, imputes and is audited: one that has steps to take takes them, others stay.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import GaussianEncoder
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> untrained = GaussianEncoder(2, 1, hidden=(), steps=1, key=jr.key(0))
    >>> round(float(in_use(model, untrained)(jnp.array([1.0, 2.0])).mean[0]), 2)  # as that of the posterior
    1.0
    """
    return RefinedGuide(model, guide, guide.refining_steps) if guide.refining_steps else guide
