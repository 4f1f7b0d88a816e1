"""Rows that lack cells which every training row had: they are scored and placed by a Gaussian of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Num

from taut.auditing import refined_posterior
from taut.data import row_hashes
from taut.datum import Datum
from taut.estimators.training import Fitted
from taut.fitting import in_use
from taut.guides import AbstractGuide, FillMissing, LocalGaussian
from taut.models import AbstractModel, LatentVariableModel
from taut.numerics import is_discrete, mean_of, take
from taut.shapes import DatumLike, RandomKey
from taut.weights import RowFunction, map_rows

# A function of some rows: called with a model and guide that can read them, their values and their numbers.
RowsFunction = Callable[[AbstractModel, AbstractGuide, Datum, Int[np.ndarray, "n"]], Any]
ROWS_AT_ONCE = 32


class RefinedOfRow(RowFunction):
    """The Gaussian that is best for one datum, as a guide of its own."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> LocalGaussian:
        """Refine from the guide's mean and from the middle of the prior."""
        return LocalGaussian.like(refined_posterior(model, guide, x, key=key).distribution(), covariance="full")


def over_rows(fitted: Fitted, rows: Datum, function: RowsFunction, *, seed: int, refined: bool = False) -> Any:
    """What `function` says of all rows, in their order.

    Rows with a hole where no training row had one go by a Gaussian refined for each, which the encoder, having seen no
    such hole, could not give; with `refined` all rows do.
    """
    model, guide = readable(fitted, rows)
    numbers = content_numbers(rows)
    own = np.ones(len(rows), bool) if refined else unread(fitted, rows)
    if not own.any() or is_discrete(model.prior()):  # no Gaussian is refined for categories
        return function(model, guide, rows, numbers)
    key = jr.fold_in(jr.key(seed), 1)  # apart from those that score the rows
    local = over_blocks(RefinedOfRow(), model, guide, rows.take(own), key=key, rows=numbers[own])
    found = function(model, local, rows.take(own), numbers[own])
    if own.all():
        return found
    return jax.tree.map(
        lambda mine, others: _merged(own, mine, others), found, function(model, guide, rows.take(~own), numbers[~own])
    )


def over_blocks(
    function: RowFunction,
    model: AbstractModel,
    guide: AbstractGuide,
    data: Datum,
    *,
    key: RandomKey,
    rows: Int[np.ndarray, "n"],
) -> Any:
    """As `map_rows`, with few rows padded to a block: one program serves any number of them, to the same bits."""
    whole = np.minimum(np.arange(max(len(data), ROWS_AT_ONCE)), len(data) - 1)
    own = guide if guide.amortised else take(guide, whole)
    found = map_rows(function, model, own, data.take(whole), key=key, rows=rows[whole], block=ROWS_AT_ONCE)
    return jax.tree.map(lambda leaf: leaf[: len(data)], found)


def readable(fitted: Fitted, rows: Datum) -> tuple[AbstractModel, AbstractGuide]:
    """The model and guide in use; where cells of a block of numbers are missing, ones that can read such rows."""
    model, guide = fitted.model, fitted.guide
    if fitted.schema.one_block is None or rows.observed is None:
        return model, in_use(model, guide)
    model = fitted.latent_variable_model
    usual = model.fill_value if model.fill_value is not None else usual_values(model, fitted.architecture.latents)
    model = eqx.tree_at(lambda model: model.fill_value, model, usual, is_leaf=lambda leaf: leaf is None)
    return model, in_use(model, FillMissing(guide, usual))


def unread(fitted: Fitted, rows: Datum) -> Bool[np.ndarray, "n"]:
    """Which rows have a hole in a column that had none in training."""
    holes = rows.holes()
    unseen = np.concatenate([each.holes for each in fitted.schema.modelled]) == 0
    return np.any(holes[:, unseen], axis=1, keepdims=True)[:, 0]


def usual_values(model: LatentVariableModel, latents: int) -> Float[Array, "features"]:
    """A value for each entry that the likelihood can produce: what the model expects in the middle of its prior."""
    middle = mean_of(model.likelihood(jnp.zeros(latents)))
    return jnp.round(middle) if model.observation.discrete else middle


def content_numbers(rows: Datum) -> Int[np.ndarray, "n"]:
    """A number for each row by what is in it, to fold keys in with.

    What an estimator says of a row then depends neither on its place nor on its company; equal rows share their draws,
    also where they differ by no more than the last bits, as those of data in other units do.
    """
    return (row_hashes(_without_last_bits(rows.matrix())) >> np.uint64(33)).astype(np.int64)


def _without_last_bits(values: Num[np.ndarray, "n numbers"]) -> Num[np.ndarray, "n numbers"]:
    """Floats to 16 bits of their digits."""
    if values.dtype.kind != "f":
        return values
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + np.uint32(0x80)) & np.uint32(0xFFFFFF00)).view(np.float32)


def _merged(own: Bool[np.ndarray, "n"], mine: np.ndarray, others: np.ndarray) -> np.ndarray:
    whole = np.empty((len(own), *mine.shape[1:]), mine.dtype)
    whole[own], whole[~own] = mine, others
    return whole
