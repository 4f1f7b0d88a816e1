"""Grey levels: an ordered scale of many steps with two ends."""

# numpyro's own distributions override these methods and properties in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false, reportArgumentType=false

import math

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jax.nn import sigmoid
from jaxtyping import Array, Float, Int, Num
from numpyro.distributions import constraints

from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.counts import not_counts
from taut.likelihoods.families import Family
from taut.numerics import log_diff_sigmoid, positive
from taut.shapes import Outputs, RandomKey


class DiscretisedLogistic(AbstractLikelihood):
    """Independent levels 0 … levels−1: a logistic density cut at the half-integers, its tails in the end bins.

        P(x) = σ((x + ½ − μ)/s) − σ((x − ½ − μ)/s),   with ±∞ beyond the first and last level

    Outputs are, for each entry, the location on a scale where 0 is the middle level and ±1 the ends, and
    the raw scale. References: Kingma et al. 2016, arXiv:1606.04934, appendix; Salimans et al. 2017, arXiv:1701.05517.
    """

    features: int = eqx.field(static=True)
    levels: int = eqx.field(static=True, default=256)

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return 2 * self.features

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """The locations of all entries, then their scales."""
        return np.tile(np.arange(self.features), 2)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        location, raw_scale = jnp.split(outputs, 2)
        return LogisticLevels(self._half * (1.0 + location), self._scale(raw_scale), levels=self.levels).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√(r/(3 s̃²)) for locations and √(r (π² + 3)/(9 s̃²)) for scales, s̃² = s² + 1/12: an approximation.

            r = 1 − σ((½ − μ)/s)³ − σ((μ − levels + 3/2)/s)³,   the share that the end bins leave of the information

        For locations r is exact before rounding; 1/12, the variance that rounding adds, keeps the value finite where s
        is far below a level: a twentieth too small at s of one level, right from a few levels on. For scales it is
        rough where mass lies in an end bin: up to twice too large near an end, far too small beyond it; and what
        location and scale tell of one another is left out. It proposes Gaussians and enters no density.
        """
        location, raw_scale = jnp.split(outputs, 2)
        to_location, to_scale = jnp.split(tangent, 2)
        scale = self._scale(raw_scale)
        unit = jnp.sqrt(self._seen(self._half * location, scale) / (3.0 * (scale**2 + 1.0 / 12.0)))
        # d s/d raw = half · σ(raw − 2), the slope of softplus.
        steepness = sigmoid(raw_scale - 2.0) * ((math.pi**2 + 3.0) / 3.0) ** 0.5
        return self._half * jnp.concatenate([unit * to_location, unit * steepness * to_scale])

    def _seen(self, from_middle: Float[Array, "features"], scale: Float[Array, "features"]) -> Float[Array, "features"]:
        """r = 1 − σ(−near)³ − σ(−far)³, with the distances from the location to the cuts of the end bins in scales.

        The first two terms are one product: their difference would be exactly zero for a location beyond an end.
        """
        to_cuts = self._half - 0.5
        near, far = (to_cuts - jnp.abs(from_middle)) / scale, (to_cuts + jnp.abs(from_middle)) / scale
        missed = sigmoid(-near)
        share = sigmoid(near) * (1.0 + missed + missed**2) - sigmoid(-far) ** 3
        # Above zero, so that the root has a gradient.
        return jnp.maximum(share, jnp.finfo(share.dtype).tiny)

    def _scale(self, raw: Float[Array, "features"]) -> Float[Array, "features"]:
        """The logistic's scale in levels, which starts near an eighth of the half range."""
        return self._half * positive(raw - 2.0)

    @property
    def _half(self) -> float:
        """From the middle level to an end."""
        return (self.levels - 1) / 2

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Locations at the mean, scales as they start."""
        return jnp.concatenate([mean / self._half - 1.0, jnp.zeros_like(mean)])


class LogisticLevels(dist.Distribution):
    """A logistic variable rounded to 0 … levels−1, which no library of distributions in JAX has."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012  numpyro's own form
    pytree_aux_fields = ("levels",)

    def __init__(
        self,
        loc: Float[Array, "*shape"],
        scale: Float[Array, "*shape"],
        *,
        levels: int,
        validate_args: bool | None = None,
    ):
        self.loc, self.scale, self.levels = loc, scale, levels
        super().__init__(batch_shape=jnp.shape(loc), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> constraints.Constraint:
        """The levels."""
        return constraints.integer_interval(0, self.levels - 1)

    def log_prob(self, value: Num[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Log probability of a level; the end levels keep their tails, so that all sum to one."""
        upper = jnp.where(value >= self.levels - 1, jnp.inf, (value + 0.5 - self.loc) / self.scale)
        lower = jnp.where(value <= 0, -jnp.inf, (value - 0.5 - self.loc) / self.scale)
        return log_diff_sigmoid(upper, lower)

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "*shape"]:
        """A logistic draw, rounded and held within the ends: exactly this distribution."""
        noise = jr.logistic(key, sample_shape + self.batch_shape, self.loc.dtype)
        return jnp.clip(jnp.round(self.loc + self.scale * noise), 0, self.levels - 1)

    @property
    def mean(self) -> Float[Array, "*shape"]:
        """Σ_k P(x ≥ k), over the levels above the first."""
        cuts = jnp.arange(1, self.levels, dtype=self.loc.dtype) - 0.5
        cuts = jnp.expand_dims(cuts, range(self.loc.ndim))
        z = (jnp.expand_dims(self.loc, -1) - cuts) / jnp.expand_dims(self.scale, -1)
        return jnp.sum(sigmoid(z), axis=-1)


def _not_grey(values: np.ndarray) -> str:
    if complaint := not_counts(values):
        return complaint
    if values.max() > 255:
        return f"Grey levels 0 to 255 are wanted; got {values.max():g}; choose `negative-binomial` for counts."
    return ""


DISCRETISED_LOGISTIC = Family(
    name="discretised-logistic",
    build=lambda sample: DiscretisedLogistic(sample.features),
    discrete=True,
    arrays=True,
    complaint=_not_grey,
    largest=lambda end: (255, "the last level"),
)
