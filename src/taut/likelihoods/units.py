"""Densities of numbers that were brought to another place and unit, in the units that they had."""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false, reportIncompatibleVariableOverride=false

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Bool, Float, Int, Num
from numpyro.distributions import constraints

from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.real import fixed
from taut.numerics import log_density_by_entry, mean_of, one_draw
from taut.shapes import Outputs, RandomKey


class InUnits(AbstractLikelihood):
    """A likelihood of coded entries (x − offset)/unit whose density is that of x.

        log p(x_j|z) = log p(coded_j|z) − log unit_j

    Entries, draws and means are coded; only the density is in the units of the data.

    >>> import jax.numpy as jnp
    >>> from taut.likelihoods import Gaussian
    >>> metres = InUnits(Gaussian(1), jnp.log(jnp.array([1000.0])))  # the entries are kilometres
    >>> round(float(metres(jnp.zeros(1)).log_prob(jnp.zeros(1)) - Gaussian(1)(jnp.zeros(1)).log_prob(jnp.zeros(1))), 4)
    -6.9078
    """

    coded: AbstractLikelihood
    log_units: Float[Array, "features"]

    def __init__(self, coded: AbstractLikelihood, log_units: Float[Array, "features"]):
        self.coded, self.log_units = coded, log_units

    @property
    def features(self) -> int:
        """Entries of one datum."""
        return self.coded.features

    @property
    def discrete(self) -> bool:
        """Always False: a probability has no unit."""
        return False

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return self.coded.outputs

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """For each output the entry that it belongs to."""
        return self.coded.owners

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """Which outputs are the logarithm of a mean."""
        return self.coded.log_means

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return PerUnit(self.coded(outputs), self.log_units)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """That of the coded entries: a unit changes no information."""
        return self.coded.whitened(outputs, tangent)

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Outputs for which the coded entries have about this mean."""
        return self.coded.starting_outputs(mean)


class PerUnit(dist.Distribution):
    """Independent coded entries with their density in other units."""

    pytree_data_fields = ("coded", "log_units")
    support = constraints.real_vector

    def __init__(self, coded: dist.Distribution, log_units: Float[Array, "features"]):
        self.coded, self.log_units = coded, log_units
        super().__init__(event_shape=jnp.shape(log_units))

    def by_entry(self, value: Num[Array, "features"]) -> Float[Array, "features"]:
        """Log density of each entry."""
        return log_density_by_entry(self.coded, value) - fixed(self.log_units)

    def log_prob(self, value: Num[Array, "features"]) -> Float[Array, ""]:
        """Their sum."""
        return jnp.sum(self.by_entry(value))

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "features"]:
        """One draw; for many, `jax.vmap` over keys."""
        assert not sample_shape, "one draw for one key"
        return one_draw(self.coded, key=key)

    @property
    def mean(self) -> Float[Array, "features"]:
        """The mean of the coded entries."""
        return mean_of(self.coded)
