"""Real entries with several humps: a mixture whose shares the decoder moves."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_softmax
from jaxtyping import Array, Float, Int

from taut.likelihoods.base import AbstractLikelihood, raw_of_one
from taut.likelihoods.categories import whitened_logits
from taut.likelihoods.families import Family
from taut.likelihoods.nodes import Nodes, gaussian_nodes
from taut.likelihoods.real import above, fixed
from taut.numerics import positive
from taut.shapes import Outputs


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
