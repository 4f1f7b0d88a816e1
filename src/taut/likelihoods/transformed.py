"""Positive entries and shares: densities of the values themselves, whose logarithm or log-odds is Gaussian."""

# numpyro's own distributions override these in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid, log_softmax, sigmoid
from jax.scipy.special import digamma, polygamma
from jaxtyping import Array, Float
from numpyro.distributions import transforms

from taut.likelihoods.base import AbstractLikelihood, Nodes, gaussian_nodes
from taut.likelihoods.families import Family, Sample
from taut.likelihoods.real import AbstractLocated, fixed
from taut.numerics import floats_on_device, inside, log_odds_of, positive
from taut.shapes import Outputs, RandomKey

# Nodes and weights under N(0, 1), for means that have no formula.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(32)
_WIDE = np.arange(-48, 49) / 4.0


class LogNormal(AbstractLocated):
    """Independent positive entries: log x = m + s η + σ ε, the density being that of x, 1/x included.

    `centre` m and `spread` s are those of the logarithms of the data; σ is learned, one for each entry.

    >>> import jax.numpy as jnp
    >>> likelihood = LogNormal(1, centre=jnp.zeros(1), spread=jnp.ones(1))
    >>> round(float(likelihood(jnp.zeros(1)).log_prob(jnp.ones(1))), 3)
    -0.919
    """

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return dist.LogNormal(self.location(outputs), self.scale(), validate_args=False).to_event(1)


class LogitNormal(AbstractLocated):
    """Independent shares between 0 and 1: the log-odds of x are Gaussian.

    The density is that of x: −log x − log(1 − x) is part of it. Entries between other ends are coded as shares, see
    `InUnits`.
    """

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return GaussianLogOdds(self.location(outputs), self.scale()).to_event(1)


class GaussianLogOdds(dist.TransformedDistribution):
    """x = sigmoid(location + scale ε), read no nearer to its ends than float32 can tell."""

    def __init__(self, location: Array, scale: Array):
        logits = dist.Normal(location, scale, validate_args=False)
        super().__init__(logits, transforms.SigmoidTransform(), validate_args=False)

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Array:
        """Draws, inside the ends."""
        return inside(jnp.asarray(super().sample(key, sample_shape)))

    def log_prob(self, value: Array, intermediates: list[Any] | None = None) -> Array:
        """Log density of the share."""
        return jnp.asarray(super().log_prob(inside(value), intermediates))

    @property
    def mean(self) -> Array:
        """By Gauss–Hermite quadrature."""
        logits: Any = self.base_dist
        nodes, weights = jnp.asarray(_NODES, logits.loc.dtype), jnp.asarray(_WEIGHTS / _WEIGHTS.sum(), logits.loc.dtype)
        return sigmoid(logits.loc[..., None] + jnp.tensordot(logits.scale, nodes, axes=0)) @ weights


class Beta(AbstractLikelihood):
    """Independent shares between 0 and 1 with mean μ = sigmoid(η) and a learned concentration φ.

    p(x) = x^(μφ−1) (1−x)^((1−μ)φ−1) / B(μφ, (1−μ)φ). Entries between other ends are coded as shares, see `InUnits`.
    """

    features: int = eqx.field(static=True)
    centre: Float[Array, "features"]
    raw_concentration: Float[Array, "features"]

    def __init__(
        self,
        features: int,
        *,
        centre: Float[Array, "features"],
    ):
        self.features, self.centre = features, centre
        self.raw_concentration = jnp.full(features, 4.0)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return BetaShares(*self._concentrations(outputs)).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """φ μ(1−μ) √(ψ'(μφ) + ψ'((1−μ)φ)) t."""
        logits = fixed(self.centre) + outputs
        below, above = self._concentrations(outputs)
        slope = positive(self.raw_concentration) * jnp.exp(log_sigmoid(logits) + log_sigmoid(-logits))
        return slope * jnp.sqrt(polygamma(1, below) + polygamma(1, above)) * tangent

    def _concentrations(self, outputs: Outputs) -> tuple[Float[Array, "features"], Float[Array, "features"]]:
        """μφ and (1−μ)φ; of exactly zero they would make the density infinite."""
        logits, concentration = fixed(self.centre) + outputs, positive(self.raw_concentration)
        return concentration * sigmoid(logits) + 1e-3, concentration * sigmoid(-logits) + 1e-3


class BetaShares(dist.Beta):
    """numpyro's Beta, read no nearer to its ends than float32 can tell."""

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Array:
        """Draws, inside the ends."""
        return inside(jnp.asarray(super().sample(key, sample_shape)))

    def log_prob(self, value: Array) -> Array:
        """Log density."""
        return super().log_prob(inside(value))


def _build_log_normal(sample: Sample) -> LogNormal:
    smallest = sample.smallest(np.nanmedian(sample.values, axis=0))
    return LogNormal(sample.features, **sample.scales(np.log), smallest=smallest)


def _build_beta(sample: Sample) -> Beta:
    return Beta(sample.features, centre=floats_on_device(np.nanmean(log_odds_of(sample.values), axis=0)))


def _log_normal_nodes(numbers: Any) -> Nodes:
    points, log_weights = gaussian_nodes(jnp.asarray(numbers.loc), jnp.asarray(numbers.scale))
    return Nodes(jnp.exp(points), log_weights)


def _logit_normal_nodes(shares: GaussianLogOdds) -> Nodes:
    logits: Any = shares.base_dist
    points, log_weights = gaussian_nodes(logits.loc, logits.scale)
    return Nodes(sigmoid(points), log_weights)


def _beta_nodes(shares: BetaShares) -> Nodes:
    """In log-odds, whose mean and variance are known: ψ(a) − ψ(b) and ψ'(a) + ψ'(b)."""
    a, b = jnp.asarray(shares.concentration1), jnp.asarray(shares.concentration0)
    steps = jnp.asarray(_WIDE[None], a.dtype)
    odds = (digamma(a) - digamma(b))[:, None] + jnp.sqrt(polygamma(1, a) + polygamma(1, b))[:, None] * steps
    kernel = a[:, None] * log_sigmoid(odds) + b[:, None] * log_sigmoid(-odds)
    return Nodes(sigmoid(odds), log_softmax(kernel, axis=1))


LOG_NORMAL = Family(
    name="log-normal",
    build=_build_log_normal,
    kinds=("positive",),
    reads="log",
    distribution=dist.LogNormal,
    nodes=_log_normal_nodes,
)
LOGIT_NORMAL = Family(
    name="logit-normal",
    build=lambda sample: LogitNormal(sample.features, **sample.scales(log_odds_of)),
    kinds=("bounded",),
    reads="log-odds",
    distribution=GaussianLogOdds,
    nodes=_logit_normal_nodes,
)
BETA = Family(
    name="beta",
    build=_build_beta,
    kinds=("bounded",),
    reads="log-odds",
    distribution=BetaShares,
    nodes=_beta_nodes,
)
