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

from taut.data import Column, Schema, Table
from taut.datum import Datum
from taut.errors import OptionError, ShapeError, SupportError
from taut.guides import GUIDES, AbstractGuide
from taut.likelihoods import (
    AbstractLikelihood,
    CodeMasking,
    Missingness,
    NumberMasking,
    Places,
    family,
    fill_values,
    for_columns,
    names,
)
from taut.models import AbstractModel, LatentVariableModel, prior_for
from taut.networks import DECODERS, ENCODERS, CellInputs, check_network
from taut.numerics import FORMS, one_draw
from taut.options import OWN
from taut.parts import NamedPart, PartRegistry, said
from taut.shapes import DatumLike, RandomKey

# The options whose parts are built here, and all options that are parts.
BUILT = ("encoder", "decoder", "prior", "guide", "likelihood")
PARTS = (*BUILT, "objective")
# These take their widths from `hidden` where the name says none.
WITH_WIDTHS = ("perceptron", "linear-skip", "residual")


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

    def prior(self, rows: Datum, *, key: RandomKey) -> Any:
        """p(z), which may start from training rows."""
        return prior_for(self._part("prior", "normal"), latents=self.latents, rows=rows, key=key)

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
            check_network(network, inputs, likelihood.outputs, option="decoder")
        return network

    def guide(self, inputs: int, reader: Any, *, key: RandomKey) -> AbstractGuide:
        """q(z|x), whose network receives the `inputs` numbers that the `reader` makes of a datum."""
        given, encoder = self._part("guide", self.covariance), self._part("encoder", "perceptron")
        if isinstance(given, AbstractGuide) and self.given.get("encoder") is not None:
            raise OptionError(
                "`encoder` wants a guide that is built with it; got a guide that is an object; leave out one of them.",
                option="encoder",
            )

        def network(outputs: int) -> eqx.Module:
            built = ENCODERS.build(encoder, inputs=inputs, outputs=outputs, image_shape=self.image_shape, key=key)
            if not isinstance(encoder, str):
                check_network(built, inputs, outputs, option="encoder")  # pyright: ignore[reportArgumentType]
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


def check_categorical(prior: str | None, guide: str | None) -> None:
    """Raise OptionError where one of them, by name, is categorical and the other is not, or has other categories.

    >>> check_categorical("categorical:3", "categorical:3")
    """
    names = [str(part) for part in (prior, guide)]
    if OWN not in names and len({name if name.startswith("categorical") else "" for name in names}) > 1:
        raise OptionError(
            f"`guide` wants to be categorical where the prior is, and of as many categories; got prior `{names[0]}` "
            f"and guide `{names[1]}`; give both the same name.",
            option="guide",
        )


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
    except Exception as error:
        reason = said(error)
        raise ShapeError(
            f"`{option}` wants to make a distribution of {of}; it does not ({reason}); build it for these shapes."
        ) from error
    return drawn.shape


Values = Float[np.ndarray, "n features"]


def table_parts(
    schema: Schema,
    rows: Datum,
    builder: PartBuilder,
    *,
    conditions: int = 0,
    log_offset: bool = False,
    informative: bool = False,
    key: RandomKey,
) -> tuple[LatentVariableModel, AbstractGuide]:
    """The modules before training; `rows` are coded training rows, whose observed cells set scales and starts.

    Of so many numbers that p(x|z) is conditioned on, the last is the log offset if there is a `log_offset`.
    """
    values = rows.with_nan()
    decoder_key, encoder_key = jr.split(key)
    start = for_columns(schema.modelled, values)
    inputs = cell_inputs(schema, values, conditions)
    decoder = builder.decoder(
        start.likelihood, start.outputs, covariates=conditions - log_offset, default="linear-skip", key=decoder_key
    )
    model = LatentVariableModel(
        prior=builder.prior(rows, key=jr.fold_in(key, 1)),
        decoder=decoder,
        likelihood=start.likelihood,
        fill_value=fill_values(values),
        missingness=missingness_of(schema, values, start.likelihood.places, inputs) if informative else None,
    )
    return model, builder.guide(inputs.width, inputs, key=encoder_key)


def missingness_of(schema: Schema, values: Values, places: Places, inputs: CellInputs) -> Missingness:
    """Why cells are missing, before training: each column at its share of holes, whatever the value.

    Those of a family whose expectations have no nodes say nothing of the value.
    """
    entries = schema.entries
    holes = np.isnan(values)
    share = (holes.sum(axis=0) + 0.5) / (len(holes) + 1.0)
    level = jnp.asarray(np.log(share) - np.log1p(-share), jnp.result_type(float))

    def masking(place: np.ndarray) -> NumberMasking | CodeMasking | None:
        scale, own = inputs.scales[place[0]], level[place]
        if family(entries[place[0]].family).nodes is None:
            return None
        if isinstance(scale, int):
            return CodeMasking(jnp.broadcast_to(own[:, None], (len(place), scale)))
        return NumberMasking(own, jnp.zeros_like(own), inputs.centre[place], inputs.spread[place], form=scale)

    return Missingness(tuple(masking(np.asarray(place)) for place in places), places, jnp.asarray(holes.any(axis=0)))


def cell_inputs(schema: Schema, values: Values, conditions: int) -> CellInputs:
    """How an encoder reads these fields, on scales from the observed cells."""
    scales = tuple(
        len(entry.categories or ()) if (reads := family(entry.family).reads) == "indicators" else reads
        for entry in schema.entries
    )
    moved = np.array(values, np.float64)
    for place, scale in enumerate(scales):
        if isinstance(scale, str):
            moved[:, place] = FORMS[scale].exact(moved[:, place])
    spread, centre = np.nanstd(moved, axis=0), np.nanmean(moved, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    for column, span in schema.spans:
        if column.block is not None:
            spread[span] = block_spread(column, centre[span], np.nanstd(moved[:, span], axis=0))
    numbers = (jnp.asarray(each, jnp.result_type(float)) for each in (centre, spread))
    return CellInputs(scales, **dict(zip(("centre", "spread"), numbers, strict=True)), conditions=conditions)


def block_spread(
    field: Column, centre: Float[np.ndarray, "width"], spread: Float[np.ndarray, "width"]
) -> Float[np.ndarray, "width"]:
    """By what the entries of a block are divided for a network, from their deviations."""
    typical = max(float(np.sqrt(np.mean(spread**2))), np.finfo(np.float32).tiny)
    # Entries of one bounded scale, such as pixels, share a spread: a pixel that is almost never lit would
    # otherwise reach the network as a huge number on the one occasion that it is.
    own = np.where(spread > 1e-6 * np.abs(centre), spread, 1e-3 * typical)
    return own if field.block is not None and field.block.units is not None else np.full_like(spread, typical)
