"""Counts with more zeros than a Poisson or negative binomial has."""

# The number of entries is that of the counts.
# pyright: reportIncompatibleVariableOverride=false

from typing import Any

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid, sigmoid
from jaxtyping import Array, Bool, Float, Int

from taut.likelihoods.base import AbstractLikelihood, deviation_of_coin
from taut.likelihoods.counts import NegativeBinomial, Poisson, not_counts
from taut.likelihoods.families import Family
from taut.shapes import Outputs

# A gate that starts at a tenth of the entries can close as well as open.
STARTING_GATE = -2.2


class ZeroInflated(AbstractLikelihood):
    """Independent counts that are zero by a gate, or else counts: P(0) = π + (1 − π) P_count(0).

    Outputs are those of `counts`, then one logit of π for each entry.
    """

    counts: Poisson | NegativeBinomial

    def __init__(self, counts: Poisson | NegativeBinomial):
        self.counts = counts

    @property
    def features(self) -> int:
        """Entries of one datum."""
        return self.counts.features

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return 2 * self.features

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """The means of all entries, then their gates."""
        return np.tile(np.arange(self.features), 2)

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """The means, not the gates: a larger row has no other share of forced zeros."""
        return np.concatenate([self.counts.log_means, np.zeros(self.features, bool)])

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        means, gates = jnp.split(outputs, 2)
        counts: Any = self.counts(means)
        return dist.ZeroInflatedDistribution(counts.base_dist, gate_logits=gates, validate_args=False).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """As if the gate were seen, which tells more than the data do: a bound from above on the information."""
        means, gates = jnp.split(outputs, 2)
        of_means, of_gates = jnp.split(tangent, 2)
        open_ = jnp.exp(0.5 * log_sigmoid(-gates))
        return jnp.concatenate([open_ * self.counts.whitened(means, of_means), deviation_of_coin(gates) * of_gates])

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Gates nearly shut, and counts large enough to make up for them."""
        means = self.counts.starting_outputs(mean / sigmoid(-STARTING_GATE))
        return jnp.concatenate([means, jnp.full(self.features, STARTING_GATE)])


ZERO_INFLATED_POISSON = Family(
    name="zero-inflated-poisson",
    build=lambda sample: ZeroInflated(Poisson(sample.features)),
    discrete=True,
    kinds=("count",),
    arrays=True,
    aliases=("zip",),
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)
ZERO_INFLATED_NEGATIVE_BINOMIAL = Family(
    name="zero-inflated-negative-binomial",
    build=lambda sample: ZeroInflated(NegativeBinomial(sample.features)),
    discrete=True,
    kinds=("count",),
    arrays=True,
    aliases=("zinb",),
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)
