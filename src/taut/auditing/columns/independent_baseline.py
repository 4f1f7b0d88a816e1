"""The independent baseline of a column: the maximum-likelihood fit of its family, without the other columns."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from taut.data import Column
from taut.likelihoods import Mixed, fill_values, for_columns
from taut.numerics import floats_on_device, log_density_by_entry
from taut.one_program import in_one_program
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
