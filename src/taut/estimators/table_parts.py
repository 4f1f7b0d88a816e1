"""The modules for fields: a likelihood for each kind of them, an encoder that sees values and holes."""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float

from taut.data import Column, Schema
from taut.estimators.part_building import PartBuilder
from taut.guides import AbstractGuide
from taut.likelihoods import CodeMasking, Missingness, NumberMasking, Places, family, fill_values, for_columns
from taut.models import LatentVariableModel
from taut.networks import CellInputs
from taut.numerics import FORMS
from taut.shapes import RandomKey

Values = Float[np.ndarray, "n features"]


def table_parts(
    schema: Schema,
    values: Values,
    builder: PartBuilder,
    *,
    conditions: int = 0,
    log_offset: bool = False,
    informative: bool = False,
    key: RandomKey,
) -> tuple[LatentVariableModel, AbstractGuide]:
    """The modules before training; `values` are coded training rows, whose observed cells set scales and starts.

    Of so many numbers that p(x|z) is conditioned on, the last is the log offset if there is a `log_offset`.
    """
    decoder_key, encoder_key = jr.split(key)
    start = for_columns(schema.modelled, values)
    inputs = cell_inputs(schema, values, conditions)
    decoder = builder.decoder(
        start.likelihood, start.outputs, covariates=conditions - log_offset, default="linear-skip", key=decoder_key
    )
    model = LatentVariableModel(
        prior=builder.prior(key=jr.fold_in(key, 1)),
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
