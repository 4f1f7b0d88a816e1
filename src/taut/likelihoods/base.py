"""What every likelihood can do."""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.nn import log_sigmoid, log_softmax
from jaxtyping import Array, Bool, Float, Int

from taut.numerics import SMALLEST_SCALE, inverse_softplus, is_discrete
from taut.shapes import Outputs


class AbstractLikelihood(eqx.Module):
    """From the outputs of a decoder to p(x|z), for data of `features` entries."""

    features: eqx.AbstractVar[int]

    @property
    def discrete(self) -> bool:
        """Whether the distribution gives probabilities, and not densities."""
        return eqx.filter_eval_shape(lambda: is_discrete(self(jnp.zeros(self.outputs))))

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return self.features

    @property
    def owners(self) -> Int[np.ndarray, "outputs"]:
        """For each output the entry that it belongs to: what a missing entry cannot tell about is read from here."""
        return np.arange(self.features)

    @property
    def log_means(self) -> Bool[np.ndarray, "outputs"]:
        """Which outputs are the logarithm of a mean: to these the logarithm of a row's size is added."""
        return np.zeros(self.outputs, bool)

    @abstractmethod
    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""

    @abstractmethod
    def whitened(self, outputs: Outputs, tangent: Outputs) -> Outputs:
        """F^½ t: a direction t of the outputs η, measured by what one datum can tell along it.

            ‖whitened(η, t)‖² = tᵀ F(η) t,   F(η) = E_x[∇_η log p(x) ∇_η log p(x)ᵀ]

        with F the Fisher information that one datum holds about its outputs. The length has no unit: outputs that
        differ by a length of 1 are told apart by one datum at about one standard error. Linear in t, and finite for
        outputs of ±60 in float32.

        >>> import jax.numpy as jnp
        >>> from taut.likelihoods import Bernoulli
        >>> [round(float(entry), 4) for entry in Bernoulli(2).whitened(jnp.zeros(2), jnp.array([1.0, 2.0]))]
        [0.5, 1.0]

        References: Martens 2020, New insights and perspectives on the natural gradient method, JMLR 21(146).
        """

    def starting_outputs(self, mean: Float[Array, "features"]) -> Outputs:
        """Outputs for which the distribution has about this mean: where the decoder's last bias starts."""
        return jnp.zeros(self.outputs, mean.dtype)


def raw_of_one(*shape: int) -> Float[Array, "*shape"]:
    """The raw value for which `positive` gives 1."""
    return jnp.broadcast_to(inverse_softplus(jnp.asarray(1.0 - SMALLEST_SCALE)), shape)


def deviation_of_coin(logits: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """√(p (1 − p)) for p = σ(logit), from logarithms: 1 − p would be exactly zero for logits beyond 17 in float32."""
    return jnp.exp(0.5 * (log_sigmoid(logits) + log_sigmoid(-logits)))


_STEPS = np.arange(-24, 25) / 4.0


class Nodes(NamedTuple):
    """For each entry points, and the logarithms of weights that sum to one."""

    points: Float[Array, "entries nodes"]
    log_weights: Float[Array, "entries nodes"]


def gaussian_nodes(location: Float[Array, "entries"], scale: Float[Array, "..."]) -> Nodes:
    """Those of N(location, scale²), to six standard deviations.

    >>> points, log_weights = gaussian_nodes(jnp.array([3.0]), jnp.array([2.0]))
    >>> round(float(jnp.sum(jnp.exp(log_weights) * points**2)), 4)
    13.0
    """
    location, scale = jnp.broadcast_arrays(location, scale)
    steps = jnp.asarray(_STEPS[None], location.dtype)
    points = location[:, None] + scale[:, None] * steps
    return Nodes(points, jnp.broadcast_to(log_softmax(-0.5 * steps**2), points.shape))


def code_nodes(log_shares: Float[Array, "entries codes"]) -> Nodes:
    """The codes 0 … K−1 with their probabilities."""
    codes = jnp.arange(log_shares.shape[1], dtype=log_shares.dtype)
    return Nodes(jnp.broadcast_to(codes, log_shares.shape), log_shares)
