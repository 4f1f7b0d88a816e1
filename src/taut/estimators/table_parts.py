"""The modules for a table: a likelihood for each kind of column, an encoder that sees values and holes."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float

from taut.data import Column
from taut.estimators.part_building import PartBuilder
from taut.guides import AbstractGuide
from taut.likelihoods import CodeMasking, Missingness, NumberMasking, fill_values, for_columns, log_odds
from taut.likelihoods.mixed import Places
from taut.models import LatentVariableModel
from taut.networks import CellInputs
from taut.shapes import RandomKey

Values = Float[np.ndarray, "n features"]
# How the encoder reads a column; other families are read as they are, categories as indicators.
READ = {
    "log-normal": "log",
    "logit-normal": "log-odds",
    "beta": "log-odds",
    "poisson": "log1p",
    "negative-binomial": "log1p",
    "zero-inflated-poisson": "log1p",
    "zero-inflated-negative-binomial": "log1p",
}


def table_parts(
    columns: Sequence[Column],
    values: Values,
    builder: PartBuilder,
    *,
    covariates: int = 0,
    sized: bool = False,
    informative: bool = False,
    key: RandomKey,
) -> tuple[LatentVariableModel, AbstractGuide]:
    """The modules before training; `values` are coded training rows, whose observed cells set scales and starts."""
    decoder_key, encoder_key = jr.split(key)
    start = for_columns(columns, values)
    inputs = cell_inputs(columns, values, covariates)
    decoder = builder.decoder(
        start.likelihood, start.outputs, covariates=covariates - sized, default="linear-skip", key=decoder_key
    )
    model = LatentVariableModel(
        prior=builder.prior(key=jr.fold_in(key, 1)),
        decoder=decoder,
        likelihood=start.likelihood,
        fill_value=fill_values(values),
        covariates=covariates,
        sized=sized,
        missingness=missingness_of(columns, values, start.likelihood.places, inputs) if informative else None,
    )
    return model, builder.guide(inputs.width, inputs, key=encoder_key)


def missingness_of(columns: Sequence[Column], values: Values, places: Places, inputs: CellInputs) -> Missingness:
    """Why cells are missing, before training: each column at its share of holes, whatever the value."""
    holes = np.isnan(values)
    share = (holes.sum(axis=0) + 0.5) / (len(holes) + 1.0)
    level = jnp.asarray(np.log(share) - np.log1p(-share), jnp.result_type(float))

    def masking(place: np.ndarray) -> NumberMasking | CodeMasking | None:
        scale, own = inputs.scales[place[0]], level[place]
        if scale == "log1p":
            return None
        if isinstance(scale, int):
            return CodeMasking(jnp.broadcast_to(own[:, None], (len(place), scale)))
        return NumberMasking(own, jnp.zeros_like(own), inputs.centre[place], inputs.spread[place], form=scale)

    return Missingness(tuple(masking(np.asarray(place)) for place in places), places, jnp.asarray(holes.any(axis=0)))


def cell_inputs(columns: Sequence[Column], values: Values, covariates: int) -> CellInputs:
    """How an encoder reads these columns, on scales from the observed cells."""
    scales = tuple(
        len(column.categories or ()) if column.family == "categorical" else READ.get(column.family, "as it is")
        for column in columns
    )
    forms = {"log": np.log, "log1p": np.log1p, "log-odds": log_odds, "as it is": lambda x: x}
    moved = np.array(values, np.float64)
    for place, scale in enumerate(scales):
        if isinstance(scale, str):
            moved[:, place] = forms[scale](moved[:, place])
    spread = np.nanstd(moved, axis=0)
    numbers = (np.nanmean(moved, axis=0), np.where(spread > 0, spread, 1.0))
    centre, spread = (jnp.asarray(each, jnp.result_type(float)) for each in numbers)
    return CellInputs(scales, centre=centre, spread=spread, covariates=covariates)
