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
from jaxtyping import Array, Float, Key, Num

from taut.auditing import Audit, AuditOptions, Context, audit_by_row
from taut.data import Table, as_table, check_same_features, count_seen
from taut.data import encode as encode_table
from taut.errors import DataError, OptionError
from taut.estimators.conditions import Conditions, joined
from taut.estimators.giving import as_columns, covariates_for
from taut.estimators.holes import over_rows, readable
from taut.estimators.one_block import table_of
from taut.estimators.preparation import check_within, in_units
from taut.estimators.training import Fitted
from taut.guides import AbstractGuide
from taut.models import AbstractModel, entries_in
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
        return Encoding(mean, entries_in(model, mean_of(model.given(x).likelihood(mean))))


def prepared(fitted: Fitted, X: Any) -> Table:
    """The rows of X as the model sees them, refused with a sentence where it cannot."""
    conditions = fitted.architecture.conditions
    if fitted.coded and X is fitted.held_out:
        return X
    if fitted.schema is not None:
        sheet = table_of(X)
        return conditions.beside(encode_table(fitted.schema, sheet), sheet, schema=fitted.schema)
    table = as_table(X, holes=True)
    check_same_features(table, fitted.architecture.features, columns=fitted.columns, model="VAE")
    holes = np.isnan(table.values) if table.values.dtype.kind == "f" else np.zeros(0, bool)
    values = np.where(holes, 0, table.values) if holes.any() else table.values
    values = fitted.binarisation.for_evaluation(values)
    check_within(fitted.model.observation, fitted.likelihood.name, dataclasses.replace(table, values=values))
    values = np.where(holes, np.nan, values) if holes.any() else values
    beside, table = table.beside, dataclasses.replace(table, values=values)
    return conditions.beside(table if fitted.units is None else in_units(table, fitted.units), beside)


def in_own_units(fitted: Fitted, values: Num[np.ndarray, "n features"]) -> Num[np.ndarray, "n features"]:
    """Rows of a block as the data are, from rows as the model sees them."""
    return np.asarray(values) if fitted.units is None else fitted.units.restore(values)


def encode(fitted: Fitted, X: Any) -> Encoding:
    """Posterior means and reconstructions of all rows, as the model sees them."""

    def asked(model: AbstractModel, guide: AbstractGuide, values: Any, numbers: Any) -> Encoding:
        return map_rows(EncodingOfRow(), model, guide, values, key=jr.key(0), rows=numbers, block=BLOCK)

    return over_rows(fitted, prepared(fitted, X).values, asked, seed=0)


def decode(
    fitted: Fitted, latents: Float[np.ndarray, "n latents"], given: Any = None
) -> Float[np.ndarray, "n features"]:
    """E[x|z] for latents, or E[x|z, c] for what is given beside them, as the model sees rows.

    Raises OptionError where that is missing.
    """
    if latents.ndim != 2 or latents.shape[1] != fitted.architecture.latents:
        raise DataError(
            f"Latents want the shape (n, {fitted.architecture.latents}); got {latents.shape}; pass what `transform` "
            "returned."
        )
    model, floats = fitted.model, jnp.asarray(latents, jnp.result_type(float))
    if fitted.architecture.covariates and given is None:
        words = fitted.architecture.conditions.words
        raise OptionError(f"This model is given {words}; got latents alone; pass values of it with `given`.")
    rows = jnp.asarray(covariate_rows(fitted, len(latents), given, seed=0), floats.dtype)
    return np.asarray(_means(model, floats, rows))


def sample(fitted: Fitted, n: int, *, seed: int, given: Any = None) -> Num[np.ndarray, "n features"]:
    """Draws of x as the model sees it, from p(z) p(x|z), or p(z) p(x|z, c) for covariates as of `covariate_rows`."""
    if n < 1:
        raise OptionError(f"At least one sample is wanted; got {n}; ask for more.")
    # Whole rows: what is drawn does not hide itself.
    model, rows = fitted.model.as_if_random(), jnp.asarray(covariate_rows(fitted, n, given, seed=seed), float)
    draws = np.asarray(_draws(model, rows, jr.split(jr.key(seed), n)))
    # Counts are drawn as floats, because they reach further than the integers of a device.
    counts = fitted.schema is None and fitted.model.observation.discrete and draws.dtype.kind == "f"
    return draws.astype(np.int64) if counts else draws


# Functions of the module, and not of each call, so that what was compiled once serves the next call.
@eqx.filter_jit
def _means(
    model: AbstractModel, latents: Float[Array, "n latents"], rows: Float[Array, "n datum"]
) -> Float[Array, "n features"]:
    return eqx.filter_vmap(lambda z, x: entries_in(model, mean_of(model.given(x).likelihood(z))))(latents, rows)


@eqx.filter_jit
def _draws(model: AbstractModel, rows: Float[Array, "n datum"], keys: Key[Array, "n"]) -> Num[Array, "n features"]:
    return eqx.filter_vmap(lambda x, key: entries_in(model, model.given(x).sample(key=key)[0]))(rows, keys)


def covariate_rows(fitted: Fitted, n: int, given: Any, *, seed: int) -> Float[np.ndarray, "n datum"]:
    """Rows without holes of nothing but covariates: as `given`, the rest those of training rows drawn at random.

    Raises OptionError where `given` names what the model is not given.
    """
    conditions, columns = fitted.architecture.conditions, as_columns(given, n)
    unknown = [name for name in columns if name not in conditions.names]
    if unknown:
        known = ", ".join(conditions.names) or "nothing"
        raise OptionError(f"This model is given {known}; got `{unknown[0]}` in `given`; leave it out.")
    entries = np.zeros((n, fitted.architecture.features), np.float32)
    if fitted.given_rows is None:
        return entries
    return joined(entries, covariates_for(conditions, fitted.given_rows, n, columns, seed=seed))


def audit(
    fitted: Fitted,
    X: Any,
    *,
    options: AuditOptions | None = None,
    seed: int = 0,
    labels: np.ndarray | None = None,
    checkpoint: Path | None = None,
    on_block: Callable[[str, int, int], None] | None = None,
    began: float | None = None,
) -> Audit:
    """The audit of these rows, or of those that training held out where X is None."""
    if X is None and fitted.held_out is None:
        raise DataError("An audit wants rows; training held none out; pass data that it has not seen.")
    table = prepared(fitted, fitted.held_out if X is None else X)
    raw = table if fitted.coded else fitted.held_out if X is None else as_table(X, holes=True)
    assert raw is not None
    labels = raw.labels if labels is None else labels
    if labels is not None and len(labels) != len(table):
        raise DataError(f"One label is wanted for each of the {len(table)} rows; got {len(labels)}; pass as many.")
    seen = count_seen(raw.values, fitted.seen)
    options = options or AuditOptions()
    train = options.train
    model, guide = readable(fitted, table.values)
    return audit_by_row(
        model,
        guide,
        table.values,
        options if train is None else dataclasses.replace(options, train=prepared(fitted, train).values),
        key=jr.key(seed),
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
            schema=fitted.schema,
            units=fitted.units,
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
        began=began,
    )


def rows_seen(fitted: Fitted, X: Any) -> tuple[int, int]:
    """How many of these rows equal rows that training has seen, and how many there are."""
    if fitted.coded:
        table = prepared(fitted, X)
        return count_seen(table.values, fitted.seen), len(table)
    table = as_table(X, holes=True)
    check_same_features(table, fitted.architecture.features, columns=fitted.columns, model="VAE")
    return count_seen(table.values, fitted.seen), len(table)


def given_notes(conditions: Conditions) -> list[str]:
    """What a reader of log p(x|c) must know of c."""
    notes = []
    if conditions.width:
        notes.append(f"Given, not modelled: {conditions.words}; densities are those of the rest, given these.")
    if conditions.sizes is not None and conditions.sizes.column is None:
        notes.append(
            "The total of a row is a function of its own counts, so that it tells of them: these values compare with "
            "models that are given it, too. What is said of a column given the others, or of hidden cells, also knows "
            "the total, and so too much."
        )
    return notes


def hole_notes(fitted: Fitted) -> list[str]:
    """What a reader of log p(x, holes) must know, and why cells are missing as far as that was learned."""
    missingness, schema = fitted.model.missingness, fitted.schema
    if missingness is None or schema is None:
        return []
    names = [column.name for column in schema.modelled]
    slopes = {name: slope for name, slope in zip(names, missingness.slopes(), strict=True) if np.isfinite(slope)}
    learned = ", ".join(f"`{name}` {slope:+.2f}" for name, slope in slopes.items()) or "none of a number"
    silent = [
        name
        for name, hole, heard in zip(names, missingness.holes, missingness.speaks, strict=True)
        if hole and not heard
    ]
    notes = [
        "Holes are informative: log p is that of the cells that are there and of which are missing, together, and does "
        "not compare with that of a model whose holes are random.",
        f"Log-odds of being missing change with one standard deviation of the value by: {learned}.",
    ]
    return notes + ([f"Holes in counts say nothing: {', '.join(silent)}."] if silent else [])


def _notes(fitted: Fitted, table: Table, *, seen: int, held_out: bool) -> list[str]:
    notes = [f"Likelihood {fitted.likelihood.name}: {fitted.likelihood.reason}.", *table.notes]
    notes += given_notes(fitted.architecture.conditions) + hole_notes(fitted)
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
