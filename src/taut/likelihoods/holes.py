"""A datum with holes: what is missing is integrated out, which for independent entries means left out."""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Bool, Float, Num
from numpyro.distributions import constraints

from taut.numerics import log_density_by_entry, mean_of, one_draw
from taut.shapes import RandomKey, Scalar


class Observed(dist.Distribution):
    """p(x_observed | z) for a datum [entries, covariates], where a missing entry is NaN.

        log p(x_observed|z) = Σ_{j observed} log p(x_j|z)

    A missing entry is replaced by `stand_in`, a value that has a finite density, before its density is taken, and its
    term is thrown away after: a NaN or an infinity that is only multiplied by zero would poison the gradient.
    Draws have the holes and the covariates of the datum; the mean has no holes.
    """

    pytree_data_fields = ("entries", "observed", "stand_in", "covariates")
    support = constraints.real_vector

    def __init__(
        self,
        entries: dist.Distribution,
        observed: Bool[Array, "features"],
        stand_in: Float[Array, "features"],
        covariates: Float[Array, "covariates"],
    ):
        self.entries, self.observed, self.stand_in, self.covariates = entries, observed, stand_in, covariates
        super().__init__(event_shape=(observed.shape[0] + covariates.shape[0],))

    def by_entry(self, value: Num[Array, "datum"]) -> Float[Array, "features"]:
        """Log density of each observed entry, and zero for a missing one."""
        entries = value[: self.observed.shape[0]]
        filled = jnp.where(self.observed, entries, lax.stop_gradient(self.stand_in))
        return jnp.where(self.observed, log_density_by_entry(self.entries, filled), 0.0)

    def log_prob(self, value: Num[Array, "datum"]) -> Scalar:
        """Their sum."""
        return jnp.sum(self.by_entry(value))

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "datum"]:
        """One draw; for many, `jax.vmap` over keys."""
        assert not sample_shape, "one draw for one key"
        drawn = one_draw(self.entries, key=key).astype(self.stand_in.dtype)
        return jnp.concatenate([jnp.where(self.observed, drawn, jnp.nan), self.covariates])

    @property
    def mean(self) -> Float[Array, "datum"]:
        """The mean of every entry, missing or not, and the covariates."""
        return jnp.concatenate([mean_of(self.entries).astype(self.stand_in.dtype), self.covariates])
