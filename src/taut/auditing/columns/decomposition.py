"""What log p(x) of a row of a table is made of, in words and by kinds of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from taut.compiling import in_one_program
from taut.data import Column, Schema, kind_of
from taut.likelihoods import Mixed, fill_values, for_columns
from taut.numerics import floats_on_device, log_density_by_entry
from taut.record import ColumnAccount, LeftOut, Measure, Part, TableAccount
from taut.shapes import Outputs

STEPS, RATE = 500, 0.05
Cells = Float[np.ndarray, "n columns"]


def independent_baseline(columns: Sequence[Column], cells: Cells) -> Cells:
    """log p of each cell under independent columns, each of its family with constants fitted to its observed cells.

    The constants are those of the likelihood (scale, tails, cuts) and the outputs that a decoder would give, fitted
    together by maximum likelihood. The fit saw these cells, which raises log p by about one nat for
    two constants, over all cells of a column together (Akaike 1974). NaN where a cell is missing.

    >>> import numpy as np
    >>> column = Column(name="a", kind="real", family="gaussian")
    >>> round(float(independent_baseline([column], np.array([[-1.0], [1.0]])).mean()), 2)  # −½ log 2πe
    -1.42
    """
    cells = np.asarray(cells, np.float64)
    holes = np.isnan(cells)
    filled = np.where(holes & holes.all(axis=0), np.asarray(fill_values(cells), np.float64), cells)
    start = in_one_program(lambda: for_columns(columns, filled))
    whole = floats_on_device(np.where(holes, np.asarray(fill_values(filled)), cells))
    fitted = _fitted((start.likelihood, start.outputs), whole, jax.device_put(~holes))
    return np.where(holes, np.nan, np.asarray(_log_p(fitted, whole), np.float64))


Fit = tuple[Mixed, Outputs]


@eqx.filter_jit
def _log_p(fit: Fit, cells: Float[Array, "n columns"]) -> Float[Array, "n columns"]:
    likelihood, outputs = fit
    return jax.vmap(lambda x: log_density_by_entry(likelihood(outputs), x))(cells)


@eqx.filter_jit
def _fitted(fit: Fit, cells: Float[Array, "n columns"], observed: Array) -> Fit:
    trainable, fixed = eqx.partition(fit, eqx.is_inexact_array)
    optimiser = optax.adam(optax.cosine_decay_schedule(RATE, STEPS))

    def loss(trainable: Fit) -> Array:
        terms = jnp.where(observed, _log_p(eqx.combine(trainable, fixed), cells), 0.0)
        # Each column by its own mean: one with few cells is fitted as fast as the others.
        return -jnp.sum(jnp.sum(terms, axis=0) / jnp.maximum(jnp.sum(observed, axis=0, dtype=terms.dtype), 1.0))

    def step(carry: tuple[Fit, optax.OptState], _: None) -> tuple[tuple[Fit, optax.OptState], None]:
        trainable, state = carry
        updates, state = optimiser.update(jax.grad(loss)(trainable), state)
        return (eqx.apply_updates(trainable, updates), state), None

    (trainable, _), _ = jax.lax.scan(step, (trainable, optimiser.init(trainable)), None, length=STEPS)  # pyright: ignore[reportArgumentType]
    return eqx.combine(trainable, fixed)


def measure_of(column: Column) -> Measure:
    """Whether a cell of this column adds the log of a probability or of a density."""
    return "probability" if kind_of(column).discrete else "density"


def unit_of(column: Column) -> str | None:
    """What a density is per: `day` for a date, else the column's own `unit`; None of a probability."""
    if measure_of(column) == "probability":
        return None
    return "day" if kind_of(column).reads == "dates" else "unit"


def decomposition_of(columns: Sequence[ColumnAccount]) -> list[Part]:
    """The shares of the distortion, one for each kind, densities first."""
    kinds = dict.fromkeys((column.measure, column.kind) for column in sorted(columns, key=lambda c: c.measure))
    return [_part(kind, [column for column in columns if column.kind == kind]) for _, kind in kinds]


def _part(kind: str, columns: Sequence[ColumnAccount]) -> Part:
    return Part(
        kind=kind,
        measure=columns[0].measure,
        columns=len(columns),
        cells=sum(column.cells for column in columns),
        distortion=sum(column.distortion.value for column in columns),
    )


def table_of(
    schema: Schema, cells: Cells, parts: list[Part], *, missingness: bool = False, **conditional: Any
) -> TableAccount:
    """The account of a table; `conditional` are its fields that rest on cells given others, where measured."""
    holes = np.isnan(cells)
    return TableAccount(
        meaning=meaning_of(parts, missing=bool(holes.any()), missingness=missingness),
        cells=cells.size,
        missing=int(holes.sum()),
        rows_with_holes=int(holes.any(axis=1).sum()),
        densities=_sum(parts, "density"),
        probabilities=_sum(parts, "probability"),
        parts=parts,
        left_out=[
            LeftOut(name=column.name, kind=column.kind, reason=_why(column))
            for column in schema.columns
            if not column.modelled
        ],
        **conditional,
    )


def meaning_of(parts: Sequence[Part], *, missing: bool, missingness: bool = False) -> str:
    """What log p(x) is the log of; with `missingness`, why cells are missing is part of it.

    >>> part = Part(kind="binary", measure="probability", columns=1, cells=9, distortion=0.5)
    >>> meaning_of([part], missing=True)[:57]
    'log p(x) is the log of a probability: of the observed cel'
    """
    measures = {part.measure for part in parts}
    if len(measures) == 1:
        depends = "" if measures == {"probability"} else ", which depends on the units of the columns"
        what = f"the log of a {next(iter(measures))}{depends}: of the observed cells of a row together"
    else:
        what = (
            "a sum of logs of densities, which depend on the units of their columns, and of probabilities: of the "
            "observed cells of a row together"
        )
    if missingness:
        return (
            f"log p(x) is {what}, and of which cells are missing: the model has a part for that, by which a cell may "
            "be missing because of its own value."
        )
    if not missing:
        return f"log p(x) is {what}."
    return (
        f"log p(x) is {what}. Missing cells are integrated out, which is right where they are missing at random (MAR): "
        "where a cell's being missing depends on nothing but cells that are there."
    )


def _why(column: Column) -> str:
    return f"given, not modelled: {column.reason}" if column.given else column.reason


def _sum(parts: Sequence[Part], measure: Measure) -> float | None:
    own = [part.distortion for part in parts if part.measure == measure]
    return sum(own) if own else None
