"""What every likelihood can do."""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.nn import softplus
from jaxtyping import Array, Float

from taut.numerics import inverse_softplus
from taut.shapes import Outputs

# Keeps a learned scale away from zero, where the density is unbounded; in units of the data's own spread.
SMALLEST_SCALE = 1e-4


class AbstractLikelihood(eqx.Module):
    """From the outputs of a decoder to p(x|z), for data of `features` entries.

    `discrete` says whether the distribution gives probabilities (True) or a density.
    """

    features: eqx.AbstractVar[int]
    discrete: ClassVar[bool]

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return self.features

    @abstractmethod
    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Outputs for which the distribution has about this mean: where the decoder's last bias starts."""
        return jnp.zeros(self.outputs, mean.dtype)


def positive(raw: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """softplus(raw) + 1e-4: a scale that a gradient can always move."""
    return softplus(raw) + SMALLEST_SCALE


def raw_of_one(*shape: int) -> Float[Array, "*shape"]:
    """The raw value for which `positive` gives 1."""
    return jnp.broadcast_to(inverse_softplus(jnp.asarray(1.0 - SMALLEST_SCALE)), shape)
