"""Counts: up to a known total, or without an upper end."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid
from jax.scipy.special import logit
from jaxtyping import Array, Bool, Float

from taut.likelihoods.base import AbstractLikelihood, deviation_of_coin, raw_of_one
from taut.likelihoods.count_distributions import CountsOutOf, OverdispersedCounts, PoissonCounts
from taut.likelihoods.families import Family
from taut.numerics import positive
from taut.shapes import Outputs


class Binomial(AbstractLikelihood):
    """Independent counts 0 … total, with logits as outputs; the binomial coefficient is included.

    >>> import jax.numpy as jnp
    >>> round(float(Binomial(1, total=16)(jnp.zeros(1)).log_prob(jnp.array([8]))), 4)
    -1.6277
    """

    features: int = eqx.field(static=True)
    total: int = eqx.field(static=True)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return CountsOutOf(outputs, self.total).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√(n p (1 − p)) t."""
        return self.total**0.5 * deviation_of_coin(outputs) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Logits of the mean share, kept in [0.001, 0.999]."""
        return logit(jnp.clip(mean / self.total, 0.001, 0.999))


class Poisson(AbstractLikelihood):
    """Independent counts, with log rates as outputs."""

    features: int = eqx.field(static=True)

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """All of them."""
        return np.ones(self.outputs, bool)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return PoissonCounts(outputs).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√rate t."""
        return jnp.exp(0.5 * outputs) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Log of the mean, with a hundredth of a count added for entries that are always zero."""
        return jnp.log(mean + 0.01)


class NegativeBinomial(AbstractLikelihood):
    """Independent overdispersed counts: log means as outputs, one learned concentration for each entry.

    variance = mean + mean² / concentration
    """

    features: int = eqx.field(static=True)
    raw_concentration: Float[Array, "features"]

    def __init__(self, features: int):
        self.features = features
        self.raw_concentration = raw_of_one(features)

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """All of them."""
        return np.ones(self.outputs, bool)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return OverdispersedCounts(outputs, positive(self.raw_concentration)).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√(μ r/(r + μ)) t, with μ the mean and r the concentration; in logarithms, because μ r would overflow."""
        log_concentration = jnp.log(positive(self.raw_concentration))
        return jnp.exp(0.5 * (log_concentration + log_sigmoid(outputs - log_concentration))) * tangent

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Log of the mean, as for the Poisson."""
        return jnp.log(mean + 0.01)


def not_counts(values: np.ndarray) -> str:
    """Why these values are no counts; empty where they are."""
    if not (values.dtype.kind in "iub" or bool(np.all(values == np.round(values)))):
        return "Counts are wanted; got fractions; choose `gaussian` or `student-t` for real values."
    if values.min() < 0:
        return f"Counts are wanted; got the negative value {values.min():g}; choose `gaussian` for real values."
    return ""


BINOMIAL = Family(
    name="binomial",
    build=lambda sample: Binomial(sample.features, total=sample.levels - 1),
    discrete=True,
    arrays=True,
    complaint=not_counts,
    largest=lambda end: (end, "the total of the binomial"),
)
POISSON = Family(
    name="poisson",
    build=lambda sample: Poisson(sample.features),
    discrete=True,
    kinds=("count",),
    arrays=True,
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)
NEGATIVE_BINOMIAL = Family(
    name="negative-binomial",
    build=lambda sample: NegativeBinomial(sample.features),
    discrete=True,
    kinds=("count",),
    arrays=True,
    aliases=("nb",),
    complaint=not_counts,
    reads="log1p",
    log_means=True,
)
