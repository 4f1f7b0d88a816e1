"""Entries of many kinds: each kind has its own likelihood, and a datum is all of them side by side."""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false, reportIncompatibleVariableOverride=false

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
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


Places = tuple[tuple[int, ...], ...]
"""For each part the places of its entries in a row."""


class Mixed(AbstractLikelihood):
    """Independent entries given z, where block b models the entries `places[b]`; outputs are block after block.

    log p(x|z) = Σ_b log p_b(x[places_b] | outputs_b)

    Densities and probabilities are added up where blocks of both are there; `discrete` is True where all are
    probabilities.

    >>> import jax.numpy as jnp
    >>> from taut.likelihoods import Bernoulli, Poisson
    >>> mixed = Mixed((Bernoulli(1), Poisson(2)), ((1,), (0, 2)))
    >>> mixed.features, mixed.outputs, round(float(mixed(jnp.zeros(3)).log_prob(jnp.array([1.0, 0.0, 0.0]))), 3)
    (3, 3, -2.693)
    """

    blocks: tuple[AbstractLikelihood, ...]
    places: Places = eqx.field(static=True)

    def __init__(self, blocks: tuple[AbstractLikelihood, ...], places: Places):
        self.blocks, self.places = blocks, places

    @property
    def features(self) -> int:
        """Entries of one datum."""
        return sum(block.features for block in self.blocks)

    @property
    def discrete(self) -> bool:
        """Whether p(x) is a probability."""
        return all(block.discrete for block in self.blocks)

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return sum(block.outputs for block in self.blocks)

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """For each output the entry that it belongs to."""
        return np.concatenate(
            [np.asarray(place)[block.owners] for block, place in zip(self.blocks, self.places, strict=True)]
        )

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """Those of each block."""
        return np.concatenate([block.log_means for block in self.blocks])

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return Cells(tuple(block(own) for block, own in self._each(outputs)), self.places)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """That of each block."""
        pairs = zip(self._each(outputs), self._each(tangent), strict=True)
        return jnp.concatenate([block.whitened(own, along) for (block, own), (_, along) in pairs])

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Those of each block."""
        starts = [b.starting_outputs(mean[np.asarray(p)]) for b, p in zip(self.blocks, self.places, strict=True)]
        return jnp.concatenate(starts)

    def _each(self, outputs: Outputs) -> list[tuple[AbstractLikelihood, Float[Array, "_"]]]:
        ends = np.cumsum([block.outputs for block in self.blocks])[:-1].tolist()
        return list(zip(self.blocks, jnp.split(outputs, ends), strict=True))


class Cells(dist.Distribution):
    """Independent blocks of entries, put in their places."""

    pytree_data_fields = ("blocks",)
    pytree_aux_fields = ("places",)
    support = constraints.real_vector

    def __init__(self, blocks: tuple[dist.Distribution, ...], places: Places):
        self.blocks, self.places = blocks, places
        super().__init__(event_shape=(sum(len(place) for place in places),))

    def by_entry(self, value: Num[Array, "features"]) -> Float[Array, "features"]:
        """Log density or log probability of each entry."""
        return self._placed(
            [log_density_by_entry(b, value[np.asarray(p)]) for b, p in zip(self.blocks, self.places, strict=True)]
        )

    def log_prob(self, value: Num[Array, "features"]) -> Float[Array, ""]:
        """Their sum."""
        return jnp.sum(self.by_entry(value))

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "features"]:
        """One draw; for many, `jax.vmap` over keys."""
        assert not sample_shape, "one draw for one key"
        keys = jr.split(key, len(self.blocks))
        return self._placed([one_draw(block, key=key) for block, key in zip(self.blocks, keys, strict=True)])

    @property
    def mean(self) -> Float[Array, "features"]:
        """The mean of each entry; of a category the most probable code."""
        return self._placed([mean_of(block) for block in self.blocks])

    def _placed(self, parts: list[Array]) -> Float[Array, "features"]:
        order = np.argsort(np.concatenate([np.asarray(place) for place in self.places]))
        return jnp.concatenate([part.astype(jnp.result_type(float)) for part in parts])[order]
