"""An encoder that reads whole rows, made to read rows with holes."""

from __future__ import annotations

import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float

from taut.guides.base import AbstractGuide
from taut.shapes import Datum


class FillMissing(AbstractGuide):
    """q(z|x) of another guide at x with its missing entries, NaN, replaced by `usual` ones.

    A valid guide, and a poor one where much is missing: it takes what it made up for seen. Importance weights put that
    right in the limit; a Gaussian refined for the row does at once.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut.guides import GaussianEncoder
    >>> whole = GaussianEncoder(3, 2, hidden=(8,), key=jr.key(0))
    >>> guide = FillMissing(whole, usual=jnp.array([0.0, 5.0, 0.0]))
    >>> bool((guide(jnp.array([1.0, jnp.nan, 2.0])).mean == whole(jnp.array([1.0, 5.0, 2.0])).mean).all())
    True
    """

    guide: AbstractGuide
    usual: Float[Array, "features"]

    def __check_init__(self) -> None:
        assert self.guide.amortised, "a guide of parameters for each row does not look at the datum"

    def __call__(self, x: Datum) -> dist.Distribution:
        """The distribution of z for this datum."""
        features = self.usual.shape[0]
        entries = jnp.where(jnp.isnan(x[:features]), lax.stop_gradient(self.usual).astype(x.dtype), x[:features])
        return self.guide(jnp.concatenate([entries, x[features:]]))
