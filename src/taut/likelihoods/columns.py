"""From the columns of a table to its likelihood: columns of one family side by side, all families together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from taut.data import Column, Schema
from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.families import Sample, family
from taut.likelihoods.mixed import Mixed
from taut.likelihoods.units import InUnits
from taut.numerics import floats_on_device
from taut.shapes import Outputs

Values = Float[np.ndarray, "n features"]
# A uniform rounding error of one step has this standard deviation.
ROUNDING = 12**-0.5


class Start(NamedTuple):
    """A likelihood for a table, and the outputs at which it is that of each column alone."""

    likelihood: Mixed
    outputs: Outputs


def for_columns(columns: Sequence[Column], values: Values) -> Start:
    """The likelihood of these columns: scales, cuts and starting outputs from the observed cells of `values`.

    `values` are coded as by `taut.data.encode`, NaN where a cell is missing; only shapes depend on nothing but
    `columns`. Columns of one family stand side by side, and each block of numbers by itself.
    """
    schema = Schema(columns=tuple(columns))
    groups: dict[tuple[str, int, str], list[int]] = {}
    for column, span in schema.spans:
        alone = "" if column.block is None else column.name
        places = groups.setdefault((column.family, _levels(column), alone), [])
        places += range(span.start, span.stop)
    entries, blocks, starts = schema.entries, [], []
    for (name, levels, alone), places in groups.items():
        own, cells = [entries[place] for place in places], np.asarray(values[:, places], np.float64)
        rounding = ROUNDING * np.array([(column.resolution or 0.0) / column.unit for column in own])
        known, sample = family(name), Sample(cells, levels=levels, rounding=rounding)
        block = of_block(schema.column(alone), cells) if alone else known.build(sample)
        log_units = floats_on_device(np.log([column.unit for column in own]))
        blocks.append(block if known.discrete else InUnits(block, log_units))
        starts.append(known.starting_outputs(block, sample))
    places = tuple(tuple(places) for places in groups.values())
    return Start(Mixed(tuple(blocks), places), jnp.concatenate(starts))


def of_block(field: Column, values: Num[np.ndarray, "n width"]) -> AbstractLikelihood:
    """The likelihood of a block, of its coded values: sizes and scales are read from the cells that are there."""
    assert field.block is not None
    if values.dtype.kind == "f" and np.isnan(values).any():
        values = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    return family(field.family).build(Sample(values, levels=_levels(field), one=True))


def _levels(field: Column) -> int:
    """How many categories a column has; of a block, one more than its largest value."""
    return len(field.categories or ()) if field.block is None else int(max(field.block.ends[1], 1)) + 1


def fill_values(values: Values) -> Float[Array, "features"]:
    """For each column an observed value from its middle: where nothing was observed, zero."""
    middle = np.nanpercentile(np.vstack([values, np.where(np.isnan(values).all(axis=0), 0.0, np.nan)]), 50, axis=0,
                              method="lower")  # fmt: skip
    return floats_on_device(middle)
