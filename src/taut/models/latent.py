"""The model of a variational autoencoder: a prior, a decoder network, a likelihood."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float

from taut.likelihoods import AbstractLikelihood
from taut.models.base import AbstractModel
from taut.shapes import Latent, Outputs


class LatentVariableModel(AbstractModel):
    """p(z) fixed, p(x|z) = likelihood(decoder(z)).

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut import likelihoods, networks
    >>> model = LatentVariableModel(
    ...     prior=standard_normal(2),
    ...     decoder=networks.Perceptron(2, 3, hidden=(8,), key=jr.key(0)),
    ...     likelihood=likelihoods.Bernoulli(3),
    ... )
    >>> model.log_joint(jnp.array([0.0, 1.0, 1.0]), jnp.zeros(2)).shape
    ()
    """

    decoder: Callable[[Float[Array, "latents"]], Outputs]
    _prior: dist.Distribution
    _likelihood: AbstractLikelihood

    def __init__(
        self,
        *,
        prior: dist.Distribution,
        decoder: Callable[[Float[Array, "latents"]], Outputs],
        likelihood: AbstractLikelihood,
    ):
        self._prior, self.decoder, self._likelihood = prior, decoder, likelihood

    def prior(self) -> dist.Distribution:
        """p(z): as given, not trained."""
        return lax.stop_gradient(self._prior)

    def likelihood(self, z: Latent) -> dist.Distribution:
        """p(x|z)."""
        return self._likelihood(self.decoder(z))

    def information_root(self, z: Float[Array, "latents"]) -> Float[Array, "outputs latents"]:
        """F^½ J, a column for each latent: as many forward passes through the decoder as there are latents."""

        def column(direction: Float[Array, "latents"]) -> Outputs:
            outputs, tangent = jax.jvp(self.decoder, (z,), (direction,))
            return self._likelihood.whitened(outputs, tangent)

        return jax.vmap(column, out_axes=1)(jnp.eye(z.shape[0], dtype=z.dtype))

    @property
    def observation(self) -> AbstractLikelihood:
        """The family of p(x|z), apart from the decoder."""
        return self._likelihood


def standard_normal(latents: int) -> dist.Distribution:
    """N(0, I) over vectors of this length.

    >>> standard_normal(3).event_shape
    (3,)
    """
    return dist.Normal(jnp.zeros(latents), jnp.ones(latents)).to_event(1)
