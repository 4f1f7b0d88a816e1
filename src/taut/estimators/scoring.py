"""log p(x) of rows, and of some of their cells given the others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Bool, Float, Int

from taut.auditing import RowResult, account_for_rows
from taut.bounds import log_mean_weight
from taut.data import entry_places
from taut.datum import Datum
from taut.errors import OptionError
from taut.estimators.evaluation import prepared, prepared_rows
from taut.estimators.holes import over_blocks, over_rows
from taut.estimators.preparation import checked_weights
from taut.estimators.training import Fitted
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.shapes import DatumLike, RandomKey, Scalar
from taut.weights import RowFunction, log_weights

DRAWS = 1000
# Draws of each row that are decoded at once, as for an account.
DRAWS_AT_ONCE = 64
PerRow = Float[np.ndarray, "n"]


class LogPOfRow(RowFunction):
    """log p(x) of one datum by importance weights, and nothing beside it: compiled in a third of an account's time."""

    draws: int = eqx.field(static=True)

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> Scalar:
        """log 1/K Σ_k w_k, where a weight that is not a number counts as zero."""
        log_w = log_weights(model, guide, x, draws=self.draws, key=key, chunk=DRAWS_AT_ONCE)
        return log_mean_weight(jnp.where(jnp.isnan(log_w), -jnp.inf, log_w))


def account(
    fitted: Fitted, X: Any, *, draws: int, seed: int, on_block: Callable[[int], None] | None = None
) -> RowResult:
    """ELBO, importance-weighted log p(x) and their health for every row. Raises OptionError for too few draws."""
    check_draws(draws)
    rows, done = prepared_rows(fitted, X), 0

    def of_rows(model: AbstractModel, guide: AbstractGuide, rows: Datum, numbers: Any) -> RowResult:
        nonlocal done
        before, done = done, done + len(rows)
        step = None if on_block is None else partial(_beyond, on_block, before)
        return account_for_rows(model, guide, rows, draws=draws, key=jr.key(seed), rows=numbers, on_block=step)

    found = over_rows(fitted, rows, of_rows, seed=seed)
    empty = _without_cells(fitted, rows)
    return found._replace(log_p=np.where(empty, 0.0, found.log_p), log_p_error=np.where(empty, 0.0, found.log_p_error))


def _without_cells(fitted: Fitted, rows: Datum) -> Bool[np.ndarray, "n"]:
    """The rows of which nothing is there to be scored: their log-density is zero, which draws only come near.

    Where holes depend on what they hide, that nothing is there has a probability of its own.
    """
    empty = np.asarray(rows.holes().all(axis=1))
    return empty if fitted.missingness is None else np.zeros_like(empty)


def _beyond(on_block: Callable[[int], None], before: int, rows: int) -> None:
    on_block(before + rows)


def scored_rows(fitted: Fitted, X: Any) -> Datum:
    """The rows of X as the model sees them, with a warning for categories that count as missing: log p leaves them out.

    It is the log p of fewer cells, mostly larger, and would otherwise pass for that of the whole row.
    """
    table = prepared(fitted, X)
    for note in table.unseen:
        warnings.warn(f"{note} log p is that of the other cells.", UserWarning, stacklevel=4)
    return fitted.architecture.rows(table)


def log_p(fitted: Fitted, X: Any, *, draws: int = DRAWS, seed: int = 0) -> PerRow:
    """log p of the observed cells of every row. Raises OptionError for too few draws."""
    check_draws(draws)
    return log_p_of(fitted, scored_rows(fitted, X), draws=draws, seed=seed)


def conditional_log_p(
    fitted: Fitted, X: Any, of: str | int | Sequence[str | int], *, draws: int = DRAWS, seed: int = 0
) -> PerRow:
    """log p(x_of | x_rest) = log p(x) − log p(x_rest) of every row, from its observed cells.

    Both terms by importance weights from a Gaussian refined for the row, with the same standard draws: each lies below
    its truth in expectation, so that the difference is an estimate without a direction. Where a row has none of the
    cells `of`, it is 0.

    Raises OptionError for a column that is not modelled, or where the model is given each row's total, which holds the
    cells that are asked for.
    """
    check_draws(draws)
    conditions = fitted.architecture.conditions
    if conditions.sizes is not None and conditions.sizes.column is None:
        raise OptionError(
            "`of` wants a model that does not know these cells; this one is given each row's total, which holds them; "
            "fit with a size from another column, or none.",
            option="of",
        )
    rows, chosen = scored_rows(fitted, X), np.zeros(fitted.architecture.features, bool)
    chosen[places_of(fitted, of)] = True
    rest = rows.seen_as(~rows.holes() & ~chosen)
    same = rows.holes()[:, chosen].all(axis=1)
    # The cells were hidden to ask, and not by what they hold.
    fitted = fitted.as_if_random()
    whole, part = (log_p_of(fitted, each, draws=draws, seed=seed, refined=True) for each in (rows, rest))
    return np.where(same, 0.0, whole - part)


def mean_log_p(fitted: Fitted, X: Any, sample_weight: Any = None) -> float:
    """The mean of log p(x) over rows, weighted where weights are given. Raises DataError for weights that are none."""
    values = log_p(fitted, X)
    return float(np.average(values.astype(np.float64), weights=checked_weights(sample_weight, len(values))))


def places_of(fitted: Fitted, of: str | int | Sequence[str | int]) -> Int[np.ndarray, "chosen"]:
    """Where these columns are among the entries: by name, or by number where they have none. Raises OptionError."""
    places = entry_places(fitted.schema)
    asked = [of] if isinstance(of, str | int) else list(of)
    unknown = [each for each in asked if each not in places]
    if unknown or not asked:
        came = f"`{unknown[0]}`" if unknown else "none"
        known = ", ".join([column.name for column in fitted.schema.unfolded.modelled][:12])
        raise OptionError(f"`of` wants columns among {known}; got {came}; name some of these.", option="of")
    return np.concatenate([places[each] for each in asked])


def log_p_of(fitted: Fitted, rows: Datum, *, draws: int, seed: int, refined: bool = False) -> PerRow:
    """As `log_p`, of rows as the model sees them."""

    def of_rows(model: AbstractModel, guide: AbstractGuide, rows: Datum, numbers: Any) -> PerRow:
        return over_blocks(LogPOfRow(draws), model, guide, rows, key=jr.key(seed), rows=numbers)

    found = over_rows(fitted, rows, of_rows, seed=seed, refined=refined)
    return np.where(_without_cells(fitted, rows), 0.0, found)


def check_draws(draws: int) -> None:
    """Raise OptionError where there are too few to measure an error."""
    if draws < 2:
        raise OptionError(f"A score wants at least 2 draws a row, to measure its own error; got {draws}; ask for more.")
