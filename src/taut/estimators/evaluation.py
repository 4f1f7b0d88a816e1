"""What a fitted model says about rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Num

from taut.auditing import Audit, Context, RowResult, account_for_rows, audit_by_row
from taut.data import Table, as_sheet, as_table, check_same_features, count_seen, encode
from taut.errors import DataError, OptionError
from taut.estimators.preparation import check_within
from taut.estimators.training import Fitted
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import mean_of
from taut.shapes import Datum, RandomKey
from taut.weights import RowFunction, map_rows

# More rows than this at once would hold their decoder outputs in memory for no gain.
BLOCK = 1024


class Encoding(NamedTuple):
    """Where a datum goes, and what comes back from there."""

    latent: Float[Array, "latents"]
    reconstruction: Float[Array, "features"]


class EncodingOfRow(RowFunction):
    """`Encoding` of one datum."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: Datum, *, key: RandomKey) -> Encoding:
        """Posterior mean, and E[x|z] there."""
        mean = mean_of(guide(x))
        return Encoding(mean, mean_of(model.given(x).likelihood(mean)))


def prepared(fitted: Fitted, X: Any) -> Table:
    """The rows of X as the model sees them, refused with a sentence where it cannot."""
    if fitted.schema is not None:
        # Rows that training held out are coded already.
        return X if X is fitted.held_out else encode(fitted.schema, as_sheet(X))
    table = as_table(X)
    check_same_features(table, fitted.architecture.features, columns=fitted.columns, model="VAE")
    values = fitted.binarisation.for_evaluation(table.values)
    table = dataclasses.replace(table, values=values)
    check_within(fitted.model.observation, fitted.likelihood.name, table)
    return table


def place(fitted: Fitted, X: Any) -> Encoding:
    """Posterior means and reconstructions of all rows."""
    values = prepared(fitted, X).values
    return map_rows(EncodingOfRow(), fitted.model, fitted.guide, values, key=jr.key(0), block=BLOCK)


def decode(fitted: Fitted, latents: Float[np.ndarray, "n latents"]) -> Float[np.ndarray, "n features"]:
    """E[x|z] for given latents."""
    if latents.ndim != 2 or latents.shape[1] != fitted.architecture.latents:
        raise DataError(
            f"Latents want the shape (n, {fitted.architecture.latents}); got {latents.shape}; pass what `transform` "
            "returned."
        )
    means = eqx.filter_jit(eqx.filter_vmap(lambda z: mean_of(fitted.model.likelihood(z))))
    return np.asarray(means(jnp.asarray(latents, jnp.result_type(float))))


def sample(fitted: Fitted, n: int, *, seed: int) -> Num[np.ndarray, "n features"]:
    """Draws of x from p(z) p(x|z)."""
    if n < 1:
        raise OptionError(f"At least one sample is wanted; got {n}; ask for more.")
    draw = eqx.filter_jit(eqx.filter_vmap(lambda key: fitted.model.sample(key=key)[0]))
    return np.asarray(draw(jr.split(jr.key(seed), n)))


def account(
    fitted: Fitted,
    X: Any,
    *,
    draws: int,
    seed: int,
    on_block: Callable[[int], None] | None = None,
) -> RowResult:
    """ELBO, importance-weighted log p(x) and their health for every row."""
    if draws < 2:
        raise OptionError(f"A score wants at least 2 draws a row, to measure its own error; got {draws}; ask for more.")
    values = prepared(fitted, X).values
    return account_for_rows(fitted.model, fitted.guide, values, draws=draws, key=jr.key(seed), on_block=on_block)


def judge(
    fitted: Fitted,
    X: Any,
    *,
    seed: int = 0,
    labels: np.ndarray | None = None,
    train: Any = None,
    checkpoint: Path | None = None,
    on_block: Callable[[str, int, int], None] | None = None,
    **asked: Any,
) -> Audit:
    """The audit of these rows, or of those that training held out where X is None."""
    if X is None and fitted.held_out is None:
        raise DataError("An audit wants rows; training held none out; pass data that it has not seen.")
    table = prepared(fitted, fitted.held_out if X is None else X)
    raw = table if fitted.schema is not None else fitted.held_out if X is None else as_table(X)
    assert raw is not None
    labels = raw.labels if labels is None else labels
    if labels is not None and len(labels) != len(table):
        raise DataError(f"One label is wanted for each of the {len(table)} rows; got {len(labels)}; pass as many.")
    seen = count_seen(raw.values, fitted.seen)
    return audit_by_row(
        fitted.model,
        fitted.guide,
        table.values,
        key=jr.key(seed),
        train=None if train is None else prepared(fitted, train).values,
        context=Context(
            title=raw.name,
            likelihood=fitted.likelihood.name,
            history=fitted.history,
            outcome=fitted.outcome.sentence,
            image_shape=fitted.image_shape,
            feature_names=fitted.columns,
            labels=labels,
            low=fitted.ends[0],
            high=fitted.ends[1],
            notes=_notes(fitted, raw, seen=seen, held_out=X is None),
        ),
        settings={
            "seed": seed,
            "training_data": fitted.data_name,
            "rows_seen_in_training": seen,
            "binarised": fitted.binarisation.kind,
            "binarisation_seed": fitted.binarisation.seed if fitted.binarisation.kind != "none" else None,
        },
        checkpoint=checkpoint,
        on_block=on_block,
        **asked,
    )


def rows_seen(fitted: Fitted, X: Any) -> tuple[int, int]:
    """How many of these rows equal rows that training has seen, and how many there are."""
    table = prepared(fitted, X) if fitted.schema is not None else as_table(X)
    check_same_features(table, fitted.architecture.features, columns=fitted.columns, model="VAE")
    return count_seen(table.values, fitted.seen), len(table)


def _notes(fitted: Fitted, table: Table, *, seen: int, held_out: bool) -> list[str]:
    notes = [f"Likelihood {fitted.likelihood.name}: {fitted.likelihood.reason}.", *table.notes]
    if held_out:
        notes.append("These rows were held out of training, but the epoch that was kept was chosen on them.")
    if seen:
        notes.append(f"{seen} of the {len(table)} rows equal rows that training has seen.")
    if fitted.binarisation.kind != "none":
        notes.append(
            "Grey values were turned into zeros and ones once, each one with probability "
            f"value/{fitted.binarisation.levels:g}; "
            "the data digest is of the result."
        )
    if fitted.image_shape is not None and table.image_shape is None:
        notes.append(
            f"Rows are drawn as {fitted.image_shape[0]} × {fitted.image_shape[1]} images, by their number of columns."
        )
    return notes
