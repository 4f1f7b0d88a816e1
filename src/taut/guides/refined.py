"""A guide that is refined for each datum where it is used."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpyro.distributions as dist

from taut.guides.base import AbstractGuide
from taut.shapes import DatumLike


class Refined(AbstractGuide):
    """q(z|x) of another guide, followed by `steps` natural-gradient steps for each datum where it is used.

    Training climbs the other guide's own bound, and called as it is, it returns that guide's q. The steps need the
    model: `taut.fitting.in_use(model, guide)` takes them.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import GaussianEncoder
    >>> encoder = GaussianEncoder(3, 2, hidden=(8,), key=jr.key(0))
    >>> bool((Refined(encoder, 3)(jnp.ones(3)).mean == encoder(jnp.ones(3)).mean).all())
    True
    """

    guide: AbstractGuide
    steps: int = eqx.field(static=True)

    @property
    def refining_steps(self) -> int:
        """`steps`."""
        return self.steps

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The other guide's distribution of z for this datum."""
        return self.guide(x)

    @property
    def inputs(self) -> Any:
        """How the other guide reads a datum."""
        return getattr(self.guide, "inputs", None)
