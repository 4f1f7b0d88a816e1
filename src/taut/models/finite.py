"""A model whose latent takes finitely many values: everything by summation."""

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int

from taut.likelihoods import AbstractLikelihood
from taut.models.base import AbstractModel
from taut.shapes import DatumLike, Scalar


class Finite(AbstractModel):
    """z ∈ {0 … S−1} with prior softmax(logits), p(x|z) = observation(outputs[z]): a finite mixture.

        log p(x) = log Σ_z p(z) p(x|z),   p(z|x) = p(z) p(x|z) / p(x)

    >>> import jax.numpy as jnp
    >>> from taut import likelihoods
    >>> coins = Finite(jnp.zeros(2), jnp.array([[0.0], [0.0]]), likelihoods.Bernoulli(1))
    >>> round(float(coins.log_evidence(jnp.array([1.0]))), 4)
    -0.6931
    """

    logits: Float[Array, "states"]
    outputs: Float[Array, "states outputs"]
    observation: AbstractLikelihood

    @property
    def discrete(self) -> bool:
        """As its components."""
        return self.observation.discrete

    def prior(self) -> dist.Distribution:
        """Categorical over the states."""
        return dist.CategoricalLogits(self.logits)

    def likelihood(self, z: Int[Array, ""]) -> dist.Distribution:
        """The component of this state."""
        return self.observation(self.outputs[z])

    def log_joints(self, x: DatumLike) -> Float[Array, "states"]:
        """log p(x, z) for every state z."""
        return jax.vmap(lambda z: self.log_joint(x, z))(jnp.arange(self.logits.shape[0]))

    def log_evidence(self, x: DatumLike) -> Scalar:
        """log p(x), by summation."""
        return logsumexp(self.log_joints(x))

    def posterior(self, x: DatumLike) -> dist.Distribution:
        """p(z|x), by summation."""
        return dist.CategoricalLogits(self.log_joints(x))
