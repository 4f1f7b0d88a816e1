"""Real entries: Gaussian with a known, shared or separate scale, and Student-t for heavy tails.

`centre` and `spread` are fixed numbers that put the network's outputs on the scale of the data. They move the
parameters, not the data, so that the density needs no Jacobian. `smallest` holds learned scales above the step that
the data were rounded to: a density of rounded numbers could otherwise be as large as one likes.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax import lax
from jax.nn import log_softmax
from jaxtyping import Array, Float, Int

from taut.likelihoods.base import AbstractLikelihood, Nodes, gaussian_nodes, raw_of_one
from taut.likelihoods.categories import whitened_logits
from taut.likelihoods.families import Family, Sample
from taut.numerics import positive
from taut.shapes import Outputs

Scale = Literal["unit", "shared", "separate"]
# In standard deviations of 1: its square is the largest number of single precision.
FARTHEST_OF_UNIT = 1e19
# Tails of a power law: evenly in u with x = sinh u, far out.
_FAR = np.arange(-40, 41) / 5.0


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


def _common_spread(sample: Sample) -> dict[str, Any]:
    scales = sample.scales()
    return scales | {"spread": jnp.full_like(scales["spread"], jnp.sqrt(jnp.mean(scales["spread"] ** 2)))}


def _not_near_one(values: np.ndarray) -> str:
    reach = float(np.ptp(values.astype(np.float64), axis=0).max())
    if reach < FARTHEST_OF_UNIT:
        return ""
    return (
        f"A Gaussian of standard deviation 1 wants numbers in units of about that; got numbers {reach:.3g} apart, "
        "whose squares single precision cannot hold; choose `gaussian`, or divide them."
    )


def _normal_nodes(normal: Any) -> Nodes:
    return gaussian_nodes(jnp.asarray(normal.loc), jnp.asarray(normal.scale))


def _student_nodes(student: dist.StudentT) -> Nodes:
    location, scale, freedom = (jnp.asarray(part) for part in (student.loc, student.scale, student.df))
    u = jnp.asarray(_FAR[None], location.dtype)
    kernel = -0.5 * (freedom[:, None] + 1.0) * jnp.log1p(jnp.sinh(u) ** 2 / freedom[:, None])
    return Nodes(location[:, None] + scale[:, None] * jnp.sinh(u), log_softmax(kernel + jnp.log(jnp.cosh(u)), axis=1))


GAUSSIAN = Family(
    name="gaussian",
    build=lambda sample: Gaussian(sample.features, **sample.scales(), smallest=sample.smallest()),
    kinds=("real", "date"),
    arrays=True,
    aliases=("normal",),
    units="each",
    distribution=dist.Normal,
    nodes=_normal_nodes,
)
GAUSSIAN_SHARED = Family(
    name="gaussian-shared",
    build=lambda sample: Gaussian(sample.features, scale="shared", **_common_spread(sample)),
    arrays=True,
    units="common",
    distribution=dist.Normal,
    nodes=_normal_nodes,
)
GAUSSIAN_UNIT = Family(
    name="gaussian-unit",
    build=lambda sample: Gaussian(sample.features, scale="unit", **_common_spread(sample)),
    arrays=True,
    complaint=_not_near_one,
    units="natural",
    distribution=dist.Normal,
    nodes=_normal_nodes,
)
STUDENT_T = Family(
    name="student-t",
    build=lambda sample: StudentT(sample.features, **sample.scales(), smallest=sample.smallest()),
    kinds=("real", "date"),
    arrays=True,
    units="each",
    distribution=dist.StudentT,
    nodes=_student_nodes,
)


class GaussianMixture(AbstractLikelihood):
    """Independent real entries, each a mixture of K Gaussians: places and widths learned, shares from the decoder.

    log p(x_j|z) = log Σ_k softmax(η_j)_k N(x_j; m_j + s_j a_jk, s_j b_jk)
    """

    features: int = eqx.field(static=True)
    components: int = eqx.field(static=True)
    centre: Float[Array, "features"]
    spread: Float[Array, "features"]
    places: Float[Array, "features components"]
    raw_scale: Float[Array, "features components"]
    smallest: Float[Array, "features"] | None

    def __init__(
        self,
        features: int,
        *,
        centre: Float[Array, "features"],
        spread: Float[Array, "features"],
        smallest: Float[Array, "features"] | None = None,
        components: int = 5,
    ):
        self.features, self.components, self.smallest = features, components, smallest
        self.centre, self.spread = centre, spread
        self.places = jnp.broadcast_to(jnp.linspace(-1.5, 1.5, components, dtype=centre.dtype), (features, components))
        self.raw_scale = raw_of_one(features, components)

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return self.features * self.components

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """Entry after entry, a logit for each component."""
        return np.repeat(np.arange(self.features), self.components)

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        places = fixed(self.centre)[:, None] + fixed(self.spread)[:, None] * self.places
        scales = jax.vmap(above, in_axes=(None, 1), out_axes=1)(
            self.smallest, positive(self.raw_scale) * fixed(self.spread)[:, None]
        )
        parts = dist.Normal(places, scales, validate_args=False)
        shares = dist.CategoricalLogits(outputs.reshape(self.features, self.components), validate_args=False)
        return dist.MixtureSameFamily(shares, parts, validate_args=False).to_event(1)

    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """As if the component were seen, which tells more than x does: a bound from above on the information."""
        shape = (self.features, self.components)
        return whitened_logits(outputs.reshape(shape), tangent.reshape(shape)).reshape(-1)


def _mixture_nodes(mixture: dist.MixtureSameFamily) -> Nodes:
    parts: dist.Normal = mixture.component_distribution  # pyright: ignore[reportAssignmentType]
    location, scale = jnp.broadcast_arrays(jnp.asarray(parts.loc), jnp.asarray(parts.scale))
    entries = location.shape[0]
    points, log_weights = gaussian_nodes(location.reshape(-1), scale.reshape(-1))
    shares = log_softmax(jnp.asarray(mixture.mixing_distribution.logits), axis=-1).reshape(-1, 1)
    return Nodes(points.reshape(entries, -1), (shares + log_weights).reshape(entries, -1))


MIXTURE = Family(
    name="mixture",
    build=lambda sample: GaussianMixture(sample.features, **sample.scales(), smallest=sample.smallest()),
    kinds=("real", "date"),
    distribution=dist.MixtureSameFamily,
    nodes=_mixture_nodes,
)
