"""log p(x) of every row exactly, where that can be had and proven."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Shaped

from taut.bounds import proven_integral
from taut.datum import rows_in, rows_on_device
from taut.models import AbstractModel, Finite, LinearGaussian
from taut.numerics import states_of
from taut.shapes import DataLike, DatumLike, Scalar

# By number of latents: a row takes some hundred boxes with one, some thousand with two. With three it takes a hundred
# thousand, and minutes: too long for an audit.
MOST_ROWS = {1: 2000, 2: 100}
# Where there are more rows, this many are integrated, as a check of the walks.
CHECKED_ROWS = {1: 8, 2: 4}
TOLERANCE = 1e-4


class Exactly(NamedTuple):
    """log p(x) of every row, or None; a note where it could have been had but was not.

    `known` then has lower bounds on log p(x) that need no draws, by place among the rows: exact ones, or what was
    found of one that could not be proven.
    """

    values: Float[np.ndarray, "n"] | None = None
    note: str | None = None
    known: dict[int, float] = {}  # noqa: RUF012  a named tuple's default, never written to


def evidence_by_row(model: AbstractModel, data: DataLike, *, on_block: Callable[[int], None]) -> Exactly:
    """log p(x) of every row as far as it is exact."""
    floats = rows_on_device(data)
    if isinstance(model, (LinearGaussian, Finite)):
        return Exactly(np.asarray(eqx.filter_vmap(model.log_evidence)(floats)))
    if (states := states_of(model.prior())) is not None:
        return Exactly(np.asarray(_summed(model, states, floats)))
    latents = model.prior().event_shape
    if len(latents) != 1 or latents[0] not in MOST_ROWS:
        return Exactly()
    most, known = MOST_ROWS[latents[0]], {}
    few = rows_in(data) > most
    for row in _some(rows_in(data), CHECKED_ROWS[latents[0]]) if few else range(rows_in(data)):
        found = proven_integral(model, jax.tree.map(operator.itemgetter(row), floats), tolerance=TOLERANCE)
        if found is not None and np.isfinite(found.log_value):
            known[row] = found.log_value
        if found is None or not found.proven:
            return Exactly(note=_unproven(row, found is None), known=known)
        on_block(len(known))
    if few:
        note = (
            f"log p(x) is exact by quadrature for at most {most} rows with this many latents; audit fewer to have it."
        )
        return Exactly(note=note, known=known)
    return Exactly(np.array(list(known.values())), known=known)


@eqx.filter_jit
def _summed(model: AbstractModel, states: Shaped[Array, "states *latents"], data: DataLike) -> Float[Array, "n"]:
    """log Σ_z p(x, z) of every row, a row at a time."""

    def one(x: DatumLike) -> Scalar:
        return logsumexp(jax.vmap(lambda z: model.log_joint(x, z))(states))

    return jax.lax.map(one, data)


def _some(rows: int, count: int) -> list[int]:
    return np.unique(np.linspace(0, rows - 1, count).astype(int)).tolist()


def _unproven(row: int, unbounded: bool) -> str:
    why = "a step of the model has no bounds that are known" if unbounded else "it takes more boxes than there may be"
    return f"log p(x) is not exact here: that quadrature misses nothing cannot be proven for row {row}, since {why}."
