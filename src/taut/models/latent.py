"""The model of a variational autoencoder: a prior, a decoder network, a likelihood."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Bool, Float

from taut.errors import OptionError
from taut.likelihoods import AbstractLikelihood, Observed
from taut.models.base import AbstractModel
from taut.shapes import Datum, Latent, Outputs


class LatentVariableModel(AbstractModel):
    """p(z) fixed, p(x|z) = likelihood(decoder(z)).

    With `stand_in`, one usual value for each entry, a datum may have holes, as NaN: its density is that of the observed
    entries. With `covariates` c, the last so many numbers of a datum are not modelled but given, and the decoder
    receives them after z: p(z) p(x|z, c).

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut import likelihoods, networks
    >>> model = LatentVariableModel(
    ...     prior=standard_normal(2),
    ...     decoder=networks.Perceptron(2, 3, hidden=(8,), key=jr.key(0)),
    ...     likelihood=likelihoods.Bernoulli(3),
    ...     stand_in=jnp.zeros(3),
    ... )
    >>> x, z = jnp.array([0.0, 1.0, jnp.nan]), jnp.zeros(2)
    >>> [round(float(value), 3) for value in (model.log_joint(x, z), model.log_joint(x.at[2].set(1.0), z))]
    [-3.224, -3.917]
    """

    decoder: Callable[[Float[Array, "inputs"]], Outputs]
    _prior: dist.Distribution
    _likelihood: AbstractLikelihood
    stand_in: Float[Array, "features"] | None
    covariates: int = eqx.field(static=True)

    def __init__(
        self,
        *,
        prior: dist.Distribution,
        decoder: Callable[[Float[Array, "inputs"]], Outputs],
        likelihood: AbstractLikelihood,
        stand_in: Float[Array, "features"] | None = None,
        covariates: int = 0,
    ):
        if covariates and stand_in is None:
            raise OptionError("Covariates want `stand_in`, a usual value for each entry; got none; pass the means.")
        self._prior, self.decoder, self._likelihood = prior, decoder, likelihood
        self.stand_in, self.covariates = stand_in, covariates

    def prior(self) -> dist.Distribution:
        """p(z): as given, not trained."""
        return lax.stop_gradient(self._prior)

    def given(self, x: Datum) -> AbstractModel:
        """The model that knows which entries of x are observed, and its covariates."""
        if self.stand_in is None:
            return self
        features = self._likelihood.features
        return Given(self, ~jnp.isnan(x[:features]), x[features:])

    def likelihood(self, z: Latent) -> dist.Distribution:
        """p(x|z) of all entries.

        Raises OptionError where it depends on covariates: ask `given(x)`.
        """
        if self.covariates:
            raise OptionError("p(x|z, c) wants covariates; a latent alone came; ask `model.given(x).likelihood(z)`.")
        return self._likelihood(self.decoder(z))

    def information_root(self, z: Float[Array, "latents"]) -> Float[Array, "outputs latents"]:
        """F^½ J, a column for each latent: as many forward passes through the decoder as there are latents."""
        return self.information_root_given(z, jnp.zeros(0, z.dtype))

    def information_root_given(
        self, z: Float[Array, "latents"], covariates: Float[Array, "covariates"]
    ) -> Float[Array, "outputs latents"]:
        """As `information_root`, at these covariates."""

        def column(direction: Float[Array, "latents"]) -> Outputs:
            outputs, tangent = jax.jvp(lambda z: self.decoder(jnp.concatenate([z, covariates])), (z,), (direction,))
            return self._likelihood.whitened(outputs, tangent)

        return jax.vmap(column, out_axes=1)(jnp.eye(z.shape[0], dtype=z.dtype))

    @property
    def observation(self) -> AbstractLikelihood:
        """The family of p(x|z), apart from the decoder."""
        return self._likelihood


class Given(AbstractModel):
    """The model of one datum's observed entries, at its covariates."""

    model: LatentVariableModel
    observed: Bool[Array, "features"]
    covariates: Float[Array, "covariates"]

    def prior(self) -> dist.Distribution:
        """p(z)."""
        return self.model.prior()

    def likelihood(self, z: Latent) -> dist.Distribution:
        """p(x_observed|z, c), a distribution of the whole datum: entries with their holes, then covariates."""
        entries = self.model.observation(self.model.decoder(jnp.concatenate([z, self.covariates.astype(z.dtype)])))
        assert self.model.stand_in is not None
        return Observed(entries, self.observed, self.model.stand_in, self.covariates)

    def information_root(self, z: Float[Array, "latents"]) -> Float[Array, "outputs latents"]:
        """As that of the model, where a missing entry tells nothing."""
        root = self.model.information_root_given(z, self.covariates.astype(z.dtype))
        return jnp.where(self.observed[self.model.observation.owners][:, None], root, 0.0)


def standard_normal(latents: int) -> dist.Distribution:
    """N(0, I) over vectors of this length.

    >>> standard_normal(3).event_shape
    (3,)
    """
    return dist.Normal(jnp.zeros(latents), jnp.ones(latents)).to_event(1)
