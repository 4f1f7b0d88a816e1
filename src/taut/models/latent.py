"""The model of a variational autoencoder: a prior, a decoder network, a likelihood."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Bool, Float

from taut.errors import OptionError
from taut.likelihoods import AbstractLikelihood, Missingness, Observed
from taut.models.base import AbstractModel
from taut.shapes import Datum, Latent, Outputs

Data = TypeVar("Data", jax.Array, np.ndarray)


class LatentVariableModel(AbstractModel):
    """p(z) fixed, p(x|z) = likelihood(decoder(z)).

    The prior is a distribution over one vector of latents, or a module that returns one when it is called.

    With `fill_value`, one usual value for each entry, a datum may have holes, as NaN: its density is that of observed
    entries. With `covariates` c, the last so many numbers of a datum are not modelled but given, and the decoder
    receives them after z: p(z) p(x|z, c). Where the model is `sized`, the last covariate is the logarithm of the row's
    size, which the decoder does not receive: log means of counts are its outputs plus this. With `missingness`, the
    datum is values and holes together, and its density is that of both, see `Observed`.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut import likelihoods, networks
    >>> model = LatentVariableModel(
    ...     prior=standard_normal(2),
    ...     decoder=networks.Perceptron(2, 3, hidden=(8,), key=jr.key(0)),
    ...     likelihood=likelihoods.Bernoulli(3),
    ...     fill_value=jnp.zeros(3),
    ... )
    >>> x, z = jnp.array([0.0, 1.0, jnp.nan]), jnp.zeros(2)
    >>> [round(float(value), 3) for value in (model.log_joint(x, z), model.log_joint(x.at[2].set(1.0), z))]
    [-3.224, -3.917]
    """

    decoder: Callable[[Float[Array, "inputs"]], Outputs]
    _prior: dist.Distribution | Callable[[], dist.Distribution]
    _likelihood: AbstractLikelihood
    fill_value: Float[Array, "features"] | None
    covariates: int = eqx.field(static=True)
    sized: bool = eqx.field(static=True)
    missingness: Missingness | None

    def __init__(
        self,
        *,
        prior: dist.Distribution | Callable[[], dist.Distribution],
        decoder: Callable[[Float[Array, "inputs"]], Outputs],
        likelihood: AbstractLikelihood,
        fill_value: Float[Array, "features"] | None = None,
        covariates: int = 0,
        sized: bool = False,
        missingness: Missingness | None = None,
    ):
        if sized and not (covariates and likelihood.log_means.any()):
            raise OptionError("Sizes want counts and a covariate that holds them; got none of one; leave out `sized`.")
        if covariates and fill_value is None:
            raise OptionError("Covariates want `fill_value`, a usual value for each entry; got none; pass the means.")
        self._prior, self.decoder, self._likelihood = prior, decoder, likelihood
        self.fill_value, self.covariates, self.sized, self.missingness = fill_value, covariates, sized, missingness

    @property
    def discrete(self) -> bool:
        """As its likelihood."""
        return self._likelihood.discrete

    def prior(self) -> dist.Distribution:
        """p(z): as given, not trained."""
        prior = self._prior if isinstance(self._prior, dist.Distribution) else self._prior()
        return lax.stop_gradient(prior)

    def given(self, x: Datum) -> AbstractModel:
        """The model that knows which entries of x are observed, and its covariates."""
        if self.fill_value is None:
            return self
        features = self._likelihood.features
        return Given(self, ~jnp.isnan(x[:features]), x[features:])

    def as_if_random(self) -> LatentVariableModel:
        """The model for which holes say nothing: what to ask of cells that somebody hid, whatever they were."""
        return eqx.tree_at(lambda model: model.missingness, self, None, is_leaf=lambda leaf: leaf is None)

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
            outputs, tangent = jax.jvp(lambda z: self.outputs(z, covariates), (z,), (direction,))
            return self._likelihood.whitened(outputs, tangent)

        return jax.vmap(column, out_axes=1)(jnp.eye(z.shape[0], dtype=z.dtype))

    def outputs(self, z: Float[Array, "latents"], covariates: Float[Array, "covariates"]) -> Outputs:
        """What the likelihood is told: the decoder's word on z and the covariates, with the size of the row in it."""
        if not self.sized:
            return self.decoder(jnp.concatenate([z, covariates]))
        said = self.decoder(jnp.concatenate([z, covariates[:-1]]))
        return said + jnp.where(self._likelihood.log_means, covariates[-1], 0.0)

    @property
    def observation(self) -> AbstractLikelihood:
        """The family of p(x|z), apart from the decoder."""
        return self._likelihood


class Given(AbstractModel):
    """The model of one datum's observed entries, at its covariates."""

    model: LatentVariableModel
    observed: Bool[Array, "features"]
    covariates: Float[Array, "covariates"]

    @property
    def discrete(self) -> bool:
        """As that of the model."""
        return self.model.discrete

    def prior(self) -> dist.Distribution:
        """p(z)."""
        return self.model.prior()

    def likelihood(self, z: Latent) -> dist.Distribution:
        """p(x_observed|z, c), a distribution of the whole datum: entries with their holes, then covariates."""
        entries = self.model.observation(self.model.outputs(z, self.covariates.astype(z.dtype)))
        assert self.model.fill_value is not None
        return Observed(entries, self.observed, self.model.fill_value, self.covariates, self.model.missingness)

    def information_root(self, z: Float[Array, "latents"]) -> Float[Array, "outputs latents"]:
        """As that of the model, where a missing entry tells nothing; the little that missingness tells is left out."""
        root = self.model.information_root_given(z, self.covariates.astype(z.dtype))
        return jnp.where(self.observed[self.model.observation.owners][:, None], root, 0.0)


def entries_in(model: AbstractModel, data: Data) -> Data:
    """What the model explains of a datum or of rows: without the covariates behind it.

    >>> from taut.likelihoods import Poisson
    >>> counts = {"prior": standard_normal(1), "decoder": lambda inputs: inputs[:1], "likelihood": Poisson(1)}
    >>> model = LatentVariableModel(**counts, fill_value=jnp.zeros(1), covariates=2)
    >>> entries_in(model, jnp.array([7.0, 0.5, 0.1])).tolist()
    [7.0]
    """
    return data[..., : model.observation.features] if isinstance(model, LatentVariableModel) else data


def standard_normal(latents: int) -> dist.Distribution:
    """N(0, I) over vectors of this length.

    >>> standard_normal(3).event_shape
    (3,)
    """
    return dist.Normal(jnp.zeros(latents), jnp.ones(latents), validate_args=False).to_event(1)
