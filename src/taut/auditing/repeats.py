"""Walks of rows as often as their number asks for, each time from pilots of their own."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.random as jr
import numpy as np
from jaxtyping import Int

from taut.annealing import Pilot
from taut.auditing.origins import Origin
from taut.auditing.walks import Walks, bounds_of, pilots, walks
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.shapes import DataLike, RandomKey


def walked_again(
    model: AbstractModel,
    guide: AbstractGuide,
    data: DataLike,
    origins: Origin,
    found: Pilot,
    lengths: Int[np.ndarray, "n"],
    *,
    keys: tuple[RandomKey, RandomKey],
    rows: Int[np.ndarray, "n"],
    repeats: int,
) -> Walks:
    """`walks` of every row, `repeats` times over: the first from the pilot that was `found`, the others from new ones.

    So all starts of the reverse walks are independent, and no program is compiled for more chains.
    """
    pilot_key, walk_key = keys
    parts = []
    for number in range(repeats):
        if number:
            found = pilots(model, guide, data, origins, key=jr.fold_in(pilot_key, number), rows=rows)
        key = jr.fold_in(walk_key, number) if number else walk_key
        parts.append(walks(model, guide, data, origins, found, lengths, key=key, rows=rows))
    return joined(parts)


def joined(parts: Sequence[Walks]) -> Walks:
    """Walks of the same rows, each time with other draws, as so many chains more."""
    if len(parts) == 1:
        return parts[0]
    forward = np.concatenate([part.forward for part in parts], axis=1)
    reverse = np.concatenate([part.reverse for part in parts], axis=1)
    bounds = {name: np.asarray(bound) for name, bound in _bounds(forward, reverse).items()}
    acceptance = np.mean([part.acceptance for part in parts], axis=0)
    failed = np.sum([part.failed for part in parts], axis=0)
    return Walks(forward=forward, reverse=reverse, acceptance=acceptance, failed=failed, **bounds)


_bounds = jax.jit(jax.vmap(bounds_of))
