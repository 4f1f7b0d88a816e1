"""The exchangeable parts of a variational autoencoder: prior, decoder, encoder, guide, likelihood."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from taut.data import Table
from taut.errors import OptionError, ShapeError, SupportError
from taut.guides import GUIDES, AbstractGuide
from taut.likelihoods import AbstractLikelihood, names
from taut.models import PRIORS, AbstractModel, check_prior
from taut.networks import DECODERS, ENCODERS, check_network
from taut.numerics import one_draw
from taut.options import OWN
from taut.parts import NamedPart, PartRegistry
from taut.shapes import DatumLike, RandomKey

# The options whose parts are built here, and all options that are parts.
BUILT = ("encoder", "decoder", "prior", "guide", "likelihood")
PARTS = (*BUILT, "objective")
# These take their widths from `hidden` where the name says none.
WITH_WIDTHS = ("perceptron", "linear-skip")


def _built_from_data(**_: Any) -> AbstractLikelihood:
    raise AssertionError("a likelihood with a name is built from the data")


def name_of(part: Any) -> str | None:
    """The name of a part, `own` for an object or a function, None where nothing was said.

    >>> name_of("full"), name_of(len), name_of(None)
    ('full', 'own', None)
    """
    return part if part is None or isinstance(part, str) else OWN


@dataclasses.dataclass(frozen=True, kw_only=True)
class PartBuilder:
    """Builds the parts that were `given`: by option, a name, an object or a function; those left out by default.

    Raises OptionError or ShapeError where a part does not fit the others.
    """

    given: Mapping[str, Any]
    latents: int
    hidden: tuple[int, ...]
    covariance: str
    image_shape: tuple[int, ...] | None = None

    def prior(self, *, key: RandomKey) -> Any:
        """p(z)."""
        prior = PRIORS.build(self._part("prior", "normal"), latents=self.latents, key=key)
        check_prior(prior, self.latents)
        return prior

    def decoder(
        self,
        likelihood: AbstractLikelihood,
        starting_outputs: Float[Array, "outputs"],
        *,
        covariates: int,
        default: str,
        key: RandomKey,
    ) -> Any:
        """From latents and covariates to what the likelihood takes."""
        given, inputs = self._part("decoder", default), self.latents + covariates
        network = DECODERS.build(
            given,
            inputs=inputs,
            outputs=likelihood.outputs,
            owners=likelihood.owners,
            starting_outputs=starting_outputs,
            image_shape=self.image_shape,
            key=key,
        )
        if not isinstance(given, str):
            check_network(network, inputs, likelihood.outputs, wanted_by="`decoder`")
        return network

    def guide(self, inputs: int, reader: Any, *, key: RandomKey) -> AbstractGuide:
        """q(z|x), whose network receives the `inputs` numbers that the `reader` makes of a datum."""
        given, encoder = self._part("guide", self.covariance), self._part("encoder", "perceptron")
        if isinstance(given, AbstractGuide) and self.given.get("encoder") is not None:
            raise OptionError(
                "`encoder` wants a guide that is built with it; got a guide that is an object; leave out one of them."
            )

        def network(outputs: int) -> eqx.Module:
            built = ENCODERS.build(encoder, inputs=inputs, outputs=outputs, image_shape=self.image_shape, key=key)
            if not isinstance(encoder, str):
                check_network(built, inputs, outputs, wanted_by="`encoder`")  # pyright: ignore[reportArgumentType]
            return built

        own_key = jr.fold_in(key, 1)  # apart from that of the network
        return GUIDES.build(given, inputs=inputs, latents=self.latents, reader=reader, network=network, key=own_key)

    def likelihood(self, features: int) -> AbstractLikelihood:
        """p(x|z) that was given as an object or a function."""
        known = dict.fromkeys(names(), NamedPart(_built_from_data))
        likelihood = PartRegistry("likelihood", known, kind=AbstractLikelihood).build(
            self.given["likelihood"], features=features
        )
        if likelihood.features != features:
            raise ShapeError(
                f"`likelihood` wants to be of the {features} entries of a row; got one of {likelihood.features}; build "
                "one for as many."
            )
        return likelihood

    def _part(self, option: str, default: str) -> Any:
        given = self.given.get(option)
        given = default if given is None else given
        if isinstance(given, str) and given in WITH_WIDTHS:
            return f"{given}:{','.join(map(str, self.hidden))}" if self.hidden else "linear"
        return given


def check_draws_of(model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, latents: int, features: int) -> None:
    """Raise ShapeError where a guide does not draw latents as long as those of the prior, or p(x|z) data as x."""
    q = _drawn_shape(lambda key: one_draw(guide(x), key=key), "guide", "one datum")
    if q != (latents,):
        raise ShapeError(
            f"`guide` wants to draw one vector of {latents} latents for one datum; got shape {q}; build it for as many."
        )
    z, own = jnp.zeros(latents), model.given(x)
    p = _drawn_shape(lambda key: one_draw(own.likelihood(z), key=key), "likelihood", "the decoder's outputs")
    if p != (features,):
        raise ShapeError(
            f"`likelihood` wants to draw the {features} entries of a row; got shape {p}; build it for as many."
        )


def check_own_support(likelihood: AbstractLikelihood, table: Table) -> None:
    """Raise SupportError for the first row that a likelihood without a name cannot produce, by its distribution."""
    support: Any = likelihood(jnp.zeros(likelihood.outputs)).support
    if support is None:
        return
    inside = np.asarray(jax.vmap(support)(jnp.asarray(table.values, jnp.result_type(float))))
    if not inside.all():
        row = int(np.argmin(inside.reshape(len(table), -1).all(axis=1)))
        raise SupportError(
            f"`likelihood` wants rows that it can produce; row {row} of `{table.name}` is outside of its support; mend "
            "it, or give another likelihood."
        )


def _drawn_shape(draw: Callable[[RandomKey], Array], option: str, of: str) -> tuple[int, ...]:
    try:
        drawn = jax.eval_shape(draw, jr.key(0))
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ShapeError(
            f"`{option}` wants to make a distribution of {of}; it does not ({reason}); build it for these shapes."
        ) from error
    return drawn.shape
