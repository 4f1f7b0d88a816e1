"""The model of a variational autoencoder: a prior, a decoder network, a likelihood."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Bool, Float

from taut.datum import Datum, as_datum
from taut.errors import OptionError
from taut.likelihoods import AbstractLikelihood, Missingness, Observed
from taut.models.base import AbstractModel
from taut.models.gaussian_priors import VampPrior
from taut.numerics import one_draw
from taut.shapes import DatumLike, Latent, Outputs, RandomKey, Scalar


class LatentVariableModel(AbstractModel):
    """p(z), p(x|z, c) = likelihood(decoder([z, c])) of the observed entries, for a `Datum` x with covariates c.

    The prior is a distribution over one vector of latents, which is held fixed, or a module that returns one when it is
    called, which is trained with the rest.

    Where a datum has a log offset, it is added to those outputs of the decoder that are log means. Holes want
    `fill_value`, one usual value for each entry: the density is then that of the observed entries, and a bare array is
    read with NaN as its holes. With `missingness`, the datum is values and holes together, and its density is that of
    both, see `Observed`.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> from taut import likelihoods, networks
    >>> from taut.models import standard_normal
    >>> model = LatentVariableModel(
    ...     prior=standard_normal(2),
    ...     decoder=networks.Perceptron(2, 3, hidden=(8,), key=jr.key(0)),
    ...     likelihood=likelihoods.Bernoulli(3),
    ...     fill_value=jnp.zeros(3),
    ... )
    >>> x, z = Datum(jnp.array([0.0, 1.0, 1.0]), observed=jnp.array([True, True, False])), jnp.zeros(2)
    >>> [round(float(value), 3) for value in (model.log_joint(x, z), model.log_joint(x.values, z))]
    [-3.224, -3.917]
    """

    decoder: Callable[[Float[Array, "inputs"]], Outputs]
    _prior: dist.Distribution | Callable[[], dist.Distribution]
    _likelihood: AbstractLikelihood
    fill_value: Float[Array, "entries"] | None
    missingness: Missingness | None

    def __init__(
        self,
        *,
        prior: dist.Distribution | Callable[[], dist.Distribution],
        decoder: Callable[[Float[Array, "inputs"]], Outputs],
        likelihood: AbstractLikelihood,
        fill_value: Float[Array, "entries"] | None = None,
        missingness: Missingness | None = None,
    ):
        self._prior, self.decoder, self._likelihood = prior, decoder, likelihood
        self.fill_value, self.missingness = fill_value, missingness

    @property
    def discrete(self) -> bool:
        """As its likelihood."""
        return self._likelihood.discrete

    def prior(self) -> dist.Distribution:
        """p(z): a distribution as it was given, with no gradient through it, or what a module returns."""
        return lax.stop_gradient(self._prior) if isinstance(self._prior, dist.Distribution) else self._prior()

    def with_prior(self, prior: dist.Distribution | Callable[[], dist.Distribution]) -> LatentVariableModel:
        """The model with another prior."""
        return eqx.tree_at(lambda model: model._prior, self, prior)

    def prior_alone(self) -> LatentVariableModel:
        """True in place of each array of the prior that is trained, False in place of all else."""
        nothing = jax.tree.map(lambda _: False, self)
        if isinstance(self._prior, dist.Distribution):
            return nothing
        return nothing.with_prior(jax.tree.map(eqx.is_inexact_array, self._prior))

    def tied_to(self, guide: Callable[[DatumLike], dist.Distribution]) -> LatentVariableModel:
        """With a `VampPrior`, the model whose prior is where this guide puts the pseudo-inputs."""
        prior = self._prior
        return self.with_prior(prior.tied_to(guide)) if isinstance(prior, VampPrior) else self

    def given(self, x: DatumLike) -> AbstractModel:
        """The model that knows which entries of x are observed, its covariates and its log offset.

        Raises OptionError for holes without `fill_value`, and for a log offset where nothing is a log mean.
        """
        if self.fill_value is None and not isinstance(x, Datum):
            return self
        x = as_datum(x)
        if x.observed is not None and self.fill_value is None:
            raise OptionError("Holes want `fill_value`, a usual value for each entry; got none; pass the means.")
        if x.log_offset is not None and not self._likelihood.log_means.any():
            raise OptionError("A log offset wants a likelihood with log means, of counts; got another; leave it out.")
        observed = x.observed
        if observed is None and self.missingness is not None:
            observed = jnp.ones(x.values.shape, bool)
        return ConditionalModel(self, observed, x.covariates, x.log_offset)

    def as_if_random(self) -> LatentVariableModel:
        """The model without informative missingness, for cells that were masked whatever their value."""
        return eqx.tree_at(lambda model: model.missingness, self, None, is_leaf=lambda leaf: leaf is None)

    def likelihood(self, z: Latent) -> dist.Distribution:
        """p(x|z) of all entries.

        Raises OptionError where the decoder does not take latents alone: ask `given(x)` for p(x|z, c).
        """
        try:
            return self._likelihood(self.decoder(z))
        except TypeError as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise OptionError(
                f"p(x|z) wants a decoder of latents alone; this one did not take them ({reason}); where covariates are "
                "given, ask `model.given(x).likelihood(z)`."
            ) from error

    def information_root(
        self,
        z: Float[Array, "latents"],
        covariates: Float[Array, "covariates"] | None = None,
        log_offset: Scalar | None = None,
    ) -> Float[Array, "outputs latents"]:
        """F^½ J, a column for each latent: as many forward passes through the decoder as there are latents."""

        def column(direction: Float[Array, "latents"]) -> Outputs:
            outputs, tangent = jax.jvp(lambda z: self.outputs(z, covariates, log_offset), (z,), (direction,))
            return self._likelihood.whitened(outputs, tangent)

        return jax.vmap(column, out_axes=1)(jnp.eye(z.shape[0], dtype=z.dtype))

    def outputs(
        self,
        z: Float[Array, "latents"],
        covariates: Float[Array, "covariates"] | None = None,
        log_offset: Scalar | None = None,
    ) -> Outputs:
        """The outputs of the decoder for the likelihood, with the log offset added to those that are log means."""
        outputs = self.decoder(z if covariates is None else jnp.concatenate([z, covariates.astype(z.dtype)]))
        if log_offset is None:
            return outputs
        return outputs + jnp.where(self._likelihood.log_means, log_offset.astype(z.dtype), 0.0)

    @property
    def observation(self) -> AbstractLikelihood:
        """The family of p(x|z), apart from the decoder."""
        return self._likelihood


class ConditionalModel(AbstractModel):
    """The model of one datum's observed entries, given its covariates and its log offset."""

    model: LatentVariableModel
    observed: Bool[Array, "entries"] | None
    covariates: Float[Array, "covariates"] | None
    log_offset: Scalar | None

    @property
    def discrete(self) -> bool:
        """As that of the model."""
        return self.model.discrete

    def prior(self) -> dist.Distribution:
        """p(z)."""
        return self.model.prior()

    def given(self, x: DatumLike) -> AbstractModel:
        """The model of another datum."""
        return self.model.given(x)

    def likelihood(self, z: Latent) -> dist.Distribution:
        """p(x_observed|z, c) over the values of the datum."""
        entries = self.model.observation(self.model.outputs(z, self.covariates, self.log_offset))
        if self.observed is None:
            return entries
        assert self.model.fill_value is not None
        return Observed(entries, self.observed, self.model.fill_value, self.model.missingness)

    def sample(self, *, key: RandomKey) -> tuple[Datum, Latent]:
        """A datum with the parts of this one: its holes, but where missingness draws them anew, and its conditions."""
        latent_key, datum_key = jr.split(key)
        z = one_draw(self.prior(), key=latent_key)
        likelihood, observed = self.likelihood(z), self.observed
        if isinstance(likelihood, Observed):
            values, observed = likelihood.draw(key=datum_key)
        else:
            values = one_draw(likelihood, key=datum_key).astype(jnp.result_type(float))
        return Datum(values, observed, self.covariates, self.log_offset), z

    def information_root(self, z: Float[Array, "latents"]) -> Float[Array, "outputs latents"]:
        """As that of the model, where a missing entry tells nothing; the little that missingness tells is left out."""
        root = self.model.information_root(z, self.covariates, self.log_offset)
        if self.observed is None:
            return root
        return jnp.where(self.observed[self.model.observation.owners][:, None], root, 0.0)
