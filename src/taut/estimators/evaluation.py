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
from taut.data import Binarisation, OpenedRows, Table, count_seen
from taut.data import encode as encode_table
from taut.datum import Datum, rows_on_device, values_of
from taut.errors import DataError, OptionError
from taut.estimators.conditions import Conditions, as_columns, covariates_for
from taut.estimators.fields import check_blocks
from taut.estimators.holes import over_rows, readable
from taut.estimators.part_building import OWN, check_own_support
from taut.estimators.training import Fitted
from taut.guides import AbstractGuide
from taut.models import AbstractModel, LatentVariableModel
from taut.numerics import mean_of
from taut.shapes import DataLike, DatumLike, RandomKey
from taut.weights import RowFunction, map_rows

# More rows than this at once would hold their decoder outputs in memory for no gain.
BLOCK = 1024


class Encoding(NamedTuple):
    """Where a datum goes, and what comes back from there."""

    latent: Float[Array, "latents"]
    reconstruction: Float[Array, "features"]


class EncodingOfRow(RowFunction):
    """`Encoding` of one datum."""

    def __call__(self, model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, key: RandomKey) -> Encoding:
        """Posterior mean, and E[x|z] there."""
        mean = mean_of(guide(x))
        if not model.simulates:
            return Encoding(mean, jnp.zeros(0))
        return Encoding(mean, mean_of(model.given(x).likelihood(mean)))


def by_blocks(function: Callable[[Any], Any], X: Any) -> Any:
    """`function` of X, an array for its rows; of opened rows block after block."""
    return np.concatenate([function(block) for block in X.blocks()]) if isinstance(X, OpenedRows) else function(X)


def encoded(fitted: Fitted, X: Any) -> Table:
    """The rows of X in the coding of the fields, greys as they came, and what is given behind them."""
    if isinstance(X, OpenedRows):
        raise DataError(f"Wanted rows in memory; those of `{X.name}` are opened; pass some of them, as `take` gives.")
    if X is not None and X is fitted.held_out:
        return X
    table = encode_table(fitted.schema, X)
    return fitted.architecture.conditions.beside(table, fitted.schema)


def prepared(fitted: Fitted, X: Any) -> Table:
    """The rows of X as the model sees them, refused with a sentence where it cannot."""
    table = encoded(fitted, X)
    seen = dataclasses.replace(table, values=_binarised(fitted.binarisation, table.values))
    check_blocks(fitted.schema, seen)
    if fitted.likelihood.name == OWN and isinstance(fitted.model, LatentVariableModel):
        whole = fitted.architecture.rows(seen).values
        check_own_support(fitted.model.observation, dataclasses.replace(seen, values=whole))
    return seen


def prepared_rows(fitted: Fitted, X: Any) -> Datum:
    """`prepared`, as data of the model."""
    return fitted.architecture.rows(prepared(fitted, X))


def _binarised(binarisation: Binarisation, values: Num[np.ndarray, "n datum"]) -> Num[np.ndarray, "n datum"]:
    """Rows as they are scored, where their holes are."""
    if binarisation.kind == "none" or values.dtype.kind != "f" or not (holes := np.isnan(values)).any():
        return binarisation.for_evaluation(values)
    return np.where(holes, np.nan, binarisation.for_evaluation(np.where(holes, 0, values)))


def encode(fitted: Fitted, X: Any) -> Encoding:
    """Posterior means and reconstructions of all rows, as the model sees them."""
    return encode_prepared(fitted, prepared_rows(fitted, X))


def encode_prepared(fitted: Fitted, rows: Datum) -> Encoding:
    """`encode` of data of the model."""

    def encode_rows(model: AbstractModel, guide: AbstractGuide, rows: Datum, numbers: Any) -> Encoding:
        return map_rows(EncodingOfRow(), model, guide, rows, key=jr.key(0), rows=numbers, block=BLOCK)

    return over_rows(fitted, rows, encode_rows, seed=0)


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
    rows = rows_on_device(covariate_rows(fitted, len(latents), given, seed=0))
    return np.asarray(_means(model, floats, rows))


def sample(
    fitted: Fitted, n: int, beside: Float[np.ndarray, "n width"] | None = None, *, seed: int
) -> Num[np.ndarray, "n features"]:
    """Draws of x as the model sees it, from p(z) p(x|z), or p(z) p(x|z, c) for these covariates."""
    rows = rows_on_device(_rows_given(fitted, n, beside))
    # Whole rows: what is drawn does not hide itself.
    return np.asarray(_draws(fitted.as_if_random().model, rows, jr.split(jr.key(seed), n)))


def check_samples(n: int) -> None:
    """Raise OptionError unless at least one row is to be drawn."""
    if n < 1:
        raise OptionError(f"At least one sample is wanted; got {n}; ask for more.")


def simulated_rows(fitted: Fitted, n: int, *, seed: int) -> Datum:
    """`sample` of whole rows, as data of the model."""
    values = np.asarray(sample(fitted, n, seed=seed), np.float64)
    return fitted.architecture.rows(Table(values=values, name="simulated"))


# Functions of the module, and not of each call, so that what was compiled once serves the next call.
@eqx.filter_jit
def _means(model: AbstractModel, latents: Float[Array, "n latents"], rows: DataLike) -> Float[Array, "n features"]:
    return eqx.filter_vmap(lambda z, x: mean_of(model.given(x).likelihood(z)))(latents, rows)


def sample_means(fitted: Fitted, n: int, *, seed: int) -> Float[np.ndarray, "n features"]:
    """E[x|z] at the latents from which `sample` with this seed draws x."""
    rows = rows_on_device(_rows_given(fitted, n, None))
    return np.asarray(_means_of_draws(fitted.as_if_random().model, rows, jr.split(jr.key(seed), n)))


@eqx.filter_jit
def _means_of_draws(model: AbstractModel, rows: DataLike, keys: Key[Array, "n"]) -> Float[Array, "n features"]:
    def one(x: DatumLike, key: Key[Array, ""]) -> Float[Array, "features"]:
        own = model.given(x)
        return mean_of(own.likelihood(own.sample(key=key)[1]))

    return eqx.filter_vmap(one)(rows, keys)


@eqx.filter_jit
def _draws(model: AbstractModel, rows: DataLike, keys: Key[Array, "n"]) -> Num[Array, "n features"]:
    return eqx.filter_vmap(lambda x, key: values_of(model.given(x).sample(key=key)[0]))(rows, keys)


def covariate_rows(fitted: Fitted, n: int, given: Any, *, seed: int) -> Datum:
    """Rows without holes of nothing but covariates: as `given`, the rest those of training rows drawn at random.

    Raises OptionError where `given` names what the model is not given.
    """
    conditions, columns = fitted.architecture.conditions, as_columns(given, n)
    unknown = [name for name in columns if name not in conditions.names]
    if unknown:
        known = ", ".join(conditions.names) or "nothing"
        raise OptionError(f"This model is given {known}; got `{unknown[0]}` in `given`; leave it out.")
    if fitted.given_rows is None:
        return _rows_given(fitted, n, None)
    return _rows_given(fitted, n, covariates_for(conditions, fitted.given_rows, n, columns, seed=seed))


def _rows_given(fitted: Fitted, n: int, numbers: Float[np.ndarray, "n width"] | None) -> Datum:
    """Rows whose values nobody looks at, given these numbers."""
    values = np.zeros((n, fitted.architecture.features), np.float32)
    return fitted.architecture.rows(Table(values=values, name="given", conditions=numbers))


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
    raw = encoded(fitted, fitted.held_out if X is None else X)
    table = prepared(fitted, fitted.held_out if X is None else X)
    labels = raw.labels if labels is None else labels
    if labels is not None and len(labels) != len(table):
        raise DataError(f"One label is wanted for each of the {len(table)} rows; got {len(labels)}; pass as many.")
    seen = count_seen(fitted.architecture.rows(raw).matrix(), fitted.seen)
    options = options or AuditOptions()
    train = options.train
    rows = fitted.architecture.rows(table)
    model, guide = readable(fitted, rows)
    if train is not None:
        options = dataclasses.replace(options, train=prepared_rows(fitted, train))
    return audit_by_row(
        model,
        guide,
        rows,
        options,
        key=jr.key(seed),
        context=Context(
            title=raw.name,
            likelihood=fitted.likelihood.name,
            history=fitted.history,
            outcome=fitted.outcome.sentence,
            feature_names=fitted.schema.entry_names,
            labels=labels,
            notes=_notes(fitted, raw, seen=seen, held_out=X is None),
            schema=fitted.schema,
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
    table = encoded(fitted, X)
    return count_seen(fitted.architecture.rows(table).matrix(), fitted.seen), len(table)


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
    missingness = fitted.missingness
    if missingness is None:
        return []
    names = [entry.name for entry in fitted.schema.entries]
    slopes = {name: slope for name, slope in zip(names, missingness.slopes(), strict=True) if np.isfinite(slope)}
    learned = ", ".join(f"`{name}` {slope:+.2f}" for name, slope in slopes.items()) or "none of a number"
    silent = [
        name
        for name, hole, heard in zip(names, missingness.holes, missingness.informative, strict=True)
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
    shape = fitted.schema.image_shape
    if shape is not None and table.image_shape is None:
        notes.append(f"Rows are drawn as {shape[0]} × {shape[1]} images, by their number of columns.")
    return notes
