"""Real entries: Gaussian with a known, shared or separate scale, and Student-t for heavy tails.

`centre` and `spread` are fixed numbers that put the network's outputs on the scale of the data. They move the
parameters, not the data, so that the density needs no Jacobian. `smallest` holds learned scales above the step that
the data were rounded to: a density of rounded numbers could otherwise be as large as one likes.
"""

from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float

from taut.likelihoods.base import AbstractLikelihood, raw_of_one
from taut.numerics import positive
from taut.shapes import Outputs

Scale = Literal["unit", "shared", "separate"]


class AbstractLocated(AbstractLikelihood):
    """Independent entries whose outputs are locations in units of the data's spread, each with a learned scale.

    location = centre + spread η,    scale = √(smallest² + (spread · positive(raw_scale))²)
    """

    features: int = eqx.field(static=True)
    centre: Float[Array, "features"]
    spread: Float[Array, "features"]
    raw_scale: Float[Array, "..."] | None
    smallest: Float[Array, "features"] | None

    def __init__(
        self,
        features: int,
        *,
        centre: Float[Array, "features"] | None = None,
        spread: Float[Array, "features"] | None = None,
        smallest: Float[Array, "features"] | None = None,
    ):
        self.features, self.smallest = features, smallest
        self.centre = jnp.zeros(features) if centre is None else centre
        self.spread = jnp.ones(features) if spread is None else spread
        self.raw_scale = raw_of_one(features)

    def location(self, outputs: Outputs) -> Float[Array, "features"]:
        """The outputs, of order one, brought to the data's place and units."""
        return fixed(self.centre) + fixed(self.spread) * outputs

    def scale(self) -> Float[Array, "features"]:
        """The scale of each entry, in the data's units."""
        assert self.raw_scale is not None
        return above(self.smallest, positive(self.raw_scale) * fixed(self.spread))

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """(spread/σ) t: the information about a Gaussian location in the data's units is 1/σ²."""
        return fixed(self.spread) / self.scale() * tangent


class Gaussian(AbstractLocated):
    """Independent Gaussian entries around the outputs D(z).

        scale="unit":      log p = −½ ‖x − D(z)‖² − (D/2) log 2π
        scale="shared":    one learned σ for all entries (probabilistic PCA when the decoder is linear)
        scale="separate":  one learned σ for each entry (factor analysis when the decoder is linear)

    >>> import jax.numpy as jnp
    >>> round(float(Gaussian(2, scale="unit")(jnp.zeros(2)).log_prob(jnp.ones(2))), 4)
    -2.8379
    """

    def __init__(
        self,
        features: int,
        *,
        scale: Scale = "separate",
        centre: Float[Array, "features"] | None = None,
        spread: Float[Array, "features"] | None = None,
        smallest: Float[Array, "features"] | None = None,
    ):
        super().__init__(features, centre=centre, spread=spread, smallest=smallest)
        if scale != "separate":
            self.raw_scale = raw_of_one() if scale == "shared" else None

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return dist.Normal(self.location(outputs), self.scale(), validate_args=False).to_event(1)

    def scale(self) -> Float[Array, "features"]:
        """The standard deviation of each entry, in the data's units."""
        if self.raw_scale is None:
            return jnp.ones_like(self.spread)
        if self.raw_scale.ndim == 0:
            # One σ in the data's own units, so the typical spread multiplies it and not each entry's.
            return jnp.broadcast_to(positive(self.raw_scale) * jnp.mean(fixed(self.spread)), (self.features,))
        return super().scale()


class StudentT(AbstractLocated):
    """Independent Student-t entries around the outputs, with a learned scale and tail for each entry.

    The degrees of freedom stay above 1, so that the mean exists.
    """

    raw_freedom: Float[Array, "features"]

    def __init__(
        self,
        features: int,
        *,
        centre: Float[Array, "features"] | None = None,
        spread: Float[Array, "features"] | None = None,
        smallest: Float[Array, "features"] | None = None,
    ):
        super().__init__(features, centre=centre, spread=spread, smallest=smallest)
        self.raw_freedom = jnp.full(features, 4.0)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        location = self.location(outputs)
        return dist.StudentT(self._freedom(), location, self.scale(), validate_args=False).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """√((ν + 1)/(ν + 3)) (spread/σ) t, with σ the scale and ν the degrees of freedom."""
        freedom = self._freedom()
        return jnp.sqrt((freedom + 1.0) / (freedom + 3.0)) * fixed(self.spread) / self.scale() * tangent

    def _freedom(self) -> Float[Array, "features"]:
        return 1.0 + positive(self.raw_freedom)


def above(smallest: Float[Array, "features"] | None, scale: Float[Array, "features"]) -> Float[Array, "features"]:
    """√(smallest² + scale²): rounding adds its own variance."""
    return scale if smallest is None else jnp.sqrt(fixed(smallest) ** 2 + scale**2)


def fixed(array: Float[Array, "features"]) -> Float[Array, "features"]:
    """A number read from the data, which training leaves as it is."""
    return lax.stop_gradient(array)
