"""Which likelihood fits the data, why, and which data a likelihood refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from taut.data import HEAVY_TAIL_KURTOSIS, OVERDISPERSED, Column, Schema, excess_kurtosis, fills_bytes
from taut.errors import SupportError
from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.binary import BERNOULLI, CONTINUOUS_BERNOULLI
from taut.likelihoods.categories import CATEGORICAL, ORDERED_LOGIT
from taut.likelihoods.counts import (
    BINOMIAL,
    NEGATIVE_BINOMIAL,
    POISSON,
    ZERO_INFLATED_NEGATIVE_BINOMIAL,
    ZERO_INFLATED_POISSON,
)
from taut.likelihoods.families import Sample, family
from taut.likelihoods.grey import DISCRETISED_LOGISTIC, LOGISTIC_MIXTURE
from taut.likelihoods.mixed import InUnits, Mixed
from taut.likelihoods.real import GAUSSIAN, GAUSSIAN_SHARED, GAUSSIAN_UNIT, MIXTURE, STUDENT_T
from taut.likelihoods.transformed import BETA, LOG_NORMAL, LOGIT_NORMAL
from taut.numerics import floats_on_device
from taut.shapes import Outputs

BUILTIN = (
    BERNOULLI,
    BETA,
    BINOMIAL,
    CATEGORICAL,
    CONTINUOUS_BERNOULLI,
    DISCRETISED_LOGISTIC,
    GAUSSIAN,
    GAUSSIAN_SHARED,
    GAUSSIAN_UNIT,
    LOG_NORMAL,
    LOGISTIC_MIXTURE,
    LOGIT_NORMAL,
    MIXTURE,
    NEGATIVE_BINOMIAL,
    ORDERED_LOGIT,
    POISSON,
    STUDENT_T,
    ZERO_INFLATED_NEGATIVE_BINOMIAL,
    ZERO_INFLATED_POISSON,
)


Values = np.ndarray

# Counts up to here that pile up at their largest are counts out of a total.
MOST_STEPS_OF_A_COUNT = 64


class Choice(NamedTuple):
    """A likelihood's name and the reason for it, as a clause that can be said aloud."""

    name: str
    reason: str


def choose(values: Values, *, pixels: bool = False) -> Choice:
    """The likelihood that fits these values, with the reason; of `pixels` numbers of 16 bits may be levels, too.

    >>> import numpy as np
    >>> choose(np.array([[0, 1], [1, 1]])).name
    'bernoulli'
    """
    low, high = float(values.min()), float(values.max())
    if _is_whole(values) and low >= 0:
        return _choose_for_counts(values, high, pixels=pixels)
    if low >= 0 and high <= 1:
        return Choice("continuous-bernoulli", "every value is a share between 0 and 1")
    kurtosis = _median_kurtosis(values)
    if kurtosis > HEAVY_TAIL_KURTOSIS:
        return Choice("student-t", f"the values are real with heavy tails (median excess kurtosis {kurtosis:.1f})")
    return Choice("gaussian", "the values are real numbers without heavy tails")


def check_support(name: str, values: Values) -> None:
    """Refuse values that the named likelihood cannot produce.

    Raises SupportError with one sentence that names what came and what to do; OptionError for an unknown name.
    """
    if complaint := family(name).complaint(values):
        raise SupportError(complaint)


def named(name: str, values: Values, *, largest: float | None = None) -> AbstractLikelihood:
    """The named likelihood for data like these: sizes and scales are read from the values.

    `largest` is the end of the scale (the total of a binomial, the last category), by default the largest value.
    Raises OptionError for an unknown name.
    """
    end = int(max(values.max() if largest is None else largest, 1))
    return family(name).build(Sample(values, levels=end + 1, one=True))


def _choose_for_counts(values: Values, high: float, *, pixels: bool) -> Choice:
    if high <= 1:
        return Choice("bernoulli", "every value is 0 or 1")
    if fills_bytes(values):
        return Choice("discretised-logistic", f"the values fill bytes up to {high:.0f}, read as grey levels 0 to 255")
    if pixels and fills_bytes(values, white=65535):
        return Choice("discretised-logistic", f"the values fill 16 bits up to {high:.0f}, read as levels 0 to 65535")
    if high <= MOST_STEPS_OF_A_COUNT and _piles_up_at(values, high):
        return Choice("binomial", f"the values are counts that pile up at their largest, {high:.0f}")
    return choose_counts(values)


def choose_counts(values: Values) -> Choice:
    """The likelihood of counts without an upper end: Poisson, or negative binomial where the variance is larger.

    >>> choose_counts(np.array([[0], [9], [2]])).name
    'negative-binomial'
    """
    mean, variance = values.mean(axis=0, dtype=np.float64), values.var(axis=0, dtype=np.float64)
    ratio = float(np.median(variance[mean > 0] / mean[mean > 0]))
    name = "negative-binomial" if ratio > OVERDISPERSED else "poisson"
    return Choice(name, f"the values are counts with variance {ratio:.1f} times the mean")


def _piles_up_at(values: Values, high: float) -> bool:
    """Whether the largest value is an end of the scale: more cells there than one step below it, and not a few.

    The largest of unbounded counts is often tied by chance; a hundredth of all cells in the tail is not chance.
    """
    at_end, before = int((values == high).sum()), int((values == high - 1).sum())
    return at_end >= max(before, 5, values.size // 100)


def _median_kurtosis(values: Values) -> float:
    """That of the columns that vary; 0 where none does."""
    found = [excess_kurtosis(column) for column in values.T if np.ptp(column) > 0]
    return float(np.median(found)) if found else 0.0


def _is_whole(values: Values) -> bool:
    return values.dtype.kind in "iub" or bool(np.all(values == np.round(values)))


Rows = Float[np.ndarray, "n features"]
# A uniform rounding error of one step has this standard deviation.
ROUNDING = 12**-0.5


class Start(NamedTuple):
    """A likelihood for a table, and the outputs at which it is that of each column alone."""

    likelihood: Mixed
    outputs: Outputs


def for_columns(columns: Sequence[Column], values: Rows) -> Start:
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


def fill_values(values: Rows) -> Float[Array, "features"]:
    """For each column an observed value from its middle: where nothing was observed, zero."""
    middle = np.nanpercentile(np.vstack([values, np.where(np.isnan(values).all(axis=0), 0.0, np.nan)]), 50, axis=0,
                              method="lower")  # fmt: skip
    return floats_on_device(middle)
