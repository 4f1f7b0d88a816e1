"""Grey levels, and those of red, green and blue: an ordered scale of many steps with two ends."""

import math
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import sigmoid, softmax
from jaxtyping import Array, Float, Int

from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.categories import whitened_logits
from taut.likelihoods.counts import not_counts
from taut.likelihoods.families import Family, Sample
from taut.likelihoods.levels import LogisticLevels, MixtureOfLevels
from taut.numerics import positive
from taut.shapes import Outputs

# Levels of 8 and of 16 bits.
BYTES, WORDS = 256, 65_536


class LevelScale(eqx.Module):
    """From what a decoder returns to the location and scale of a logistic density on levels 0 … levels−1.

    A location of 0 is the middle level and ±1 are the ends; a raw scale of 0 is about an eighth of the half range.
    """

    levels: int = eqx.field(static=True)

    @property
    def half(self) -> float:
        """From the middle level to an end."""
        return (self.levels - 1) / 2

    def location(self, output: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """The location, in levels."""
        return self.half * (1.0 + output)

    def output(self, level: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """The output whose location is a level."""
        return level / self.half - 1.0

    def scale(self, raw: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """The logistic's scale, in levels."""
        return self.half * positive(raw - 2.0)

    def whitened(
        self,
        outputs: tuple[Float[Array, "*shape"], Float[Array, "*shape"]],
        tangents: tuple[Float[Array, "*shape"], Float[Array, "*shape"]],
    ) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
        """√(r/(3 s̃²)) for locations and √(r (π² + 3)/(9 s̃²)) for scales, s̃² = s² + 1/12: an approximation.

            r = 1 − σ((½ − μ)/s)³ − σ((μ − levels + 3/2)/s)³,   the share that the end bins leave of the information

        For locations r is exact before rounding; 1/12, the variance that rounding adds, keeps the value finite where s
        is far below a level: a twentieth too small at s of one level, right from a few levels on. For scales it is
        rough where mass lies in an end bin: up to twice too large near an end, far too small beyond it; and what
        location and scale tell of one another is left out. It proposes Gaussians and enters no density.
        """
        (location, raw), (to_location, to_scale) = outputs, tangents
        scale = self.scale(raw)
        unit = self.half * jnp.sqrt(self._seen(self.half * location, scale) / (3.0 * (scale**2 + 1.0 / 12.0)))
        # d s/d raw = half · σ(raw − 2), the slope of softplus.
        steepness = sigmoid(raw - 2.0) * ((math.pi**2 + 3.0) / 3.0) ** 0.5
        return unit * to_location, unit * steepness * to_scale

    def _seen(self, from_middle: Float[Array, "*shape"], scale: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """r = 1 − σ(−near)³ − σ(−far)³, with the distances from the location to the cuts of the end bins in scales.

        The first two terms are one product: their difference would be exactly zero for a location beyond an end.
        """
        to_cuts = self.half - 0.5
        near, far = (to_cuts - jnp.abs(from_middle)) / scale, (to_cuts + jnp.abs(from_middle)) / scale
        missed = sigmoid(-near)
        share = sigmoid(near) * (1.0 + missed + missed**2) - sigmoid(-far) ** 3
        # Above zero, so that the root has a gradient.
        return jnp.maximum(share, jnp.finfo(share.dtype).tiny)


class DiscretisedLogistic(AbstractLikelihood):
    """Independent levels 0 … levels−1: a logistic density cut at the half-integers, its tails in the end bins.

        P(x) = σ((x + ½ − μ)/s) − σ((x − ½ − μ)/s),   with ±∞ beyond the first and last level

    Outputs are the locations of all entries on a scale where 0 is the middle level and ±1 the ends, then their raw
    scales. The three colours of a pixel are entries like any other, independent given z.

    >>> import jax.numpy as jnp
    >>> middle = DiscretisedLogistic(1)(jnp.array([0.0, -9.0]))  # narrow, and between levels 127 and 128
    >>> jnp.exp(middle.log_prob(jnp.array([127.0]))).round(2).item()
    0.5

    References: Kingma et al. 2016, arXiv:1606.04934, appendix; Salimans et al. 2017, arXiv:1701.05517, eq. 2.
    """

    features: int = eqx.field(static=True)
    levels: int = eqx.field(static=True, default=BYTES)

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
        location, raw = jnp.split(outputs, 2)
        scale = LevelScale(self.levels)
        return LogisticLevels(scale.location(location), scale.scale(raw), levels=self.levels).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """As `LevelScale.whitened`: an approximation, which proposes Gaussians and enters no density."""
        (location, raw), (to_location, to_scale) = jnp.split(outputs, 2), jnp.split(tangent, 2)
        return jnp.concatenate(LevelScale(self.levels).whitened((location, raw), (to_location, to_scale)))

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Locations at the mean, scales as they start."""
        return jnp.concatenate([LevelScale(self.levels).output(mean), jnp.zeros_like(mean)])


class LogisticMixture(AbstractLikelihood):
    """Independent levels 0 … levels−1, each by a mixture of K discretised logistics with shares from the decoder.

        P(x) = Σ_k π_k [σ((x + ½ − μ_k)/s_k) − σ((x − ½ − μ_k)/s_k)],   with ±∞ beyond the first and last level

    It is factorised: each colour of a pixel has a mixture of its own, and none is coupled to the others, as they are in
    the autoregressive model of the reference. Outputs are, component after component, the logits of the shares of all
    entries; then in the same order the locations, on a scale where 0 is the middle level and ±1 the ends; then the raw
    scales.

    >>> import jax.numpy as jnp
    >>> likelihood = LogisticMixture(2, components=3)
    >>> likelihood.outputs, likelihood(jnp.zeros(18)).log_prob(jnp.array([0, 255])).shape
    (18, ())

    References: Salimans et al. 2017, PixelCNN++, arXiv:1701.05517, eq. 1–2.
    """

    features: int = eqx.field(static=True)
    levels: int = eqx.field(static=True, default=BYTES)
    components: int = eqx.field(static=True, default=5)

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return 3 * self.components * self.features

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """All entries in turn, for each number of each component."""
        return np.tile(np.arange(self.features), 3 * self.components)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        logits, locations, raw = self._by_component(outputs)
        scale = LevelScale(self.levels)
        parts = LogisticLevels(scale.location(locations), scale.scale(raw), levels=self.levels)
        return MixtureOfLevels(logits, parts).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """As if the component were seen, which tells more than x does; of each component as `LevelScale.whitened`."""
        logits, *parts = self._by_component(outputs)
        to_logits, *to_parts = self._by_component(tangent)
        shares = whitened_logits(logits.T, to_logits.T).T
        seen = LevelScale(self.levels).whitened((parts[0], parts[1]), (to_parts[0], to_parts[1]))
        return jnp.stack([shares, *(jnp.sqrt(softmax(logits, axis=0)) * part for part in seen)]).reshape(-1)

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Equal shares, locations on both sides of the mean, scales as they start."""
        steps = jnp.linspace(-0.4, 0.4, self.components, dtype=mean.dtype) if self.components > 1 else jnp.zeros(1)
        locations = LevelScale(self.levels).output(mean)[None] + steps[:, None]
        same = jnp.zeros_like(locations)
        return jnp.stack([same, locations, same]).reshape(-1)

    def _by_component(self, outputs: Outputs) -> Float[Array, "3 components features"]:
        """Logits, locations and raw scales."""
        return outputs.reshape(3, self.components, self.features)


def levels_for(sample: Sample) -> int:
    """256, or 65,536 where a value needs 16 bits."""
    return BYTES if sample.levels <= BYTES else WORDS


def _not_levels(values: np.ndarray) -> str:
    if complaint := not_counts(values):
        return complaint
    if values.max() >= WORDS:
        return (
            f"Levels from 0 to 255, or to 65535 with 16 bits, are wanted; got {values.max():g}; choose "
            "`negative-binomial` for counts."
        )
    return ""


def _last_level(largest: int) -> tuple[int, Literal["the last level"]]:
    return (BYTES if largest < BYTES else WORDS) - 1, "the last level"


DISCRETISED_LOGISTIC = Family(
    name="discretised-logistic",
    build=lambda sample: DiscretisedLogistic(sample.features, levels=levels_for(sample)),
    discrete=True,
    arrays=True,
    complaint=_not_levels,
    largest=_last_level,
)
LOGISTIC_MIXTURE = Family(
    name="logistic-mixture",
    build=lambda sample: LogisticMixture(sample.features, levels=levels_for(sample)),
    discrete=True,
    arrays=True,
    complaint=_not_levels,
    largest=_last_level,
)
