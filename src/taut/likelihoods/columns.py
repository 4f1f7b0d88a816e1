"""From the columns of a table to its likelihood: columns of one family side by side, all families together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from taut.data import Column, Schema
from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.binary import Bernoulli
from taut.likelihoods.categories import Categorical
from taut.likelihoods.choice import named
from taut.likelihoods.counts import NegativeBinomial, Poisson
from taut.likelihoods.inflated import ZeroInflated
from taut.likelihoods.mixed import Mixed
from taut.likelihoods.mixture import GaussianMixture
from taut.likelihoods.ordered import OrderedLogit
from taut.likelihoods.real import Gaussian, StudentT
from taut.likelihoods.transformed import Beta, LogitNormal, LogNormal
from taut.likelihoods.units import InUnits
from taut.numerics import NEAREST_END, floats_on_device
from taut.shapes import Outputs

Values = Float[np.ndarray, "n features"]
# A uniform rounding error of one step has this standard deviation.
ROUNDING = 12**-0.5
# Added to each category's count, so that one that is rare does not start as impossible.
SMOOTHING = 0.5


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
        places = groups.setdefault((column.family, len(column.categories or ()), alone), [])
        places += range(span.start, span.stop)
    entries, blocks, starts = schema.entries, [], []
    for (family, _, alone), places in groups.items():
        own, cells = [entries[place] for place in places], np.asarray(values[:, places], np.float64)
        block = of_block(schema.column(alone), cells) if alone else FAMILIES[family](own, cells)
        log_units = floats_on_device(np.log([column.unit for column in own]))
        blocks.append(block if block.discrete else InUnits(block, log_units))
        starts.append(_starting_outputs(block, cells))
    places = tuple(tuple(places) for places in groups.values())
    return Start(Mixed(tuple(blocks), places), jnp.concatenate(starts))


def of_block(field: Column, values: Num[np.ndarray, "n width"]) -> AbstractLikelihood:
    """The likelihood of a block, of its coded values: sizes and scales are read from the cells that are there."""
    assert field.block is not None
    if values.dtype.kind == "f" and np.isnan(values).any():
        values = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    return named(field.family, values, largest=field.block.ends[1])


def fill_values(values: Values) -> Float[Array, "features"]:
    """For each column an observed value from its middle: where nothing was observed, zero."""
    middle = np.nanpercentile(np.vstack([values, np.where(np.isnan(values).all(axis=0), 0.0, np.nan)]), 50, axis=0,
                              method="lower")  # fmt: skip
    return floats_on_device(middle)


def _starting_outputs(block: AbstractLikelihood, cells: Values) -> Outputs:
    if isinstance(block, Categorical):
        return jnp.log(_shares(cells, block.classes)).reshape(-1)
    return block.starting_outputs(floats_on_device(np.nanmean(cells, axis=0)))


def _real(columns: Sequence[Column], cells: Values, of: Callable[[Values], Values]) -> dict[str, Any]:
    moved = of(cells)
    spread = np.nanstd(moved, axis=0)
    return {
        "centre": floats_on_device(np.nanmean(moved, axis=0)),
        "spread": floats_on_device(np.where(spread > 0, spread, 1.0)),
    }


def _rounded(columns: Sequence[Column], per: Float[np.ndarray, "features"] | float = 1.0) -> Float[Array, "features"]:
    steps = np.array([(column.resolution or 0.0) / column.unit for column in columns])
    return floats_on_device(ROUNDING * steps / per)


def _gaussian(columns: Sequence[Column], cells: Values) -> Gaussian:
    return Gaussian(len(columns), **_real(columns, cells, lambda x: x), smallest=_rounded(columns))


def _student_t(columns: Sequence[Column], cells: Values) -> StudentT:
    return StudentT(len(columns), **_real(columns, cells, lambda x: x), smallest=_rounded(columns))


def _mixture(columns: Sequence[Column], cells: Values) -> GaussianMixture:
    return GaussianMixture(len(columns), **_real(columns, cells, lambda x: x), smallest=_rounded(columns))


def _log_normal(columns: Sequence[Column], cells: Values) -> LogNormal:
    smallest = _rounded(columns, np.nanmedian(cells, axis=0))
    return LogNormal(len(columns), **_real(columns, cells, np.log), smallest=smallest)


def log_odds(shares: np.ndarray) -> np.ndarray:
    """Log-odds of shares, read no nearer to their ends than a model can.

    >>> log_odds(np.array([0.5])).tolist()
    [0.0]
    """
    shares = np.clip(shares, NEAREST_END, 1.0 - NEAREST_END)
    return np.log(shares) - np.log1p(-shares)


def _logit_normal(columns: Sequence[Column], cells: Values) -> LogitNormal:
    return LogitNormal(len(columns), **_real(columns, cells, log_odds))


def _beta(columns: Sequence[Column], cells: Values) -> Beta:
    return Beta(len(columns), centre=floats_on_device(np.nanmean(log_odds(cells), axis=0)))


def _ordered(columns: Sequence[Column], cells: Values) -> OrderedLogit:
    return OrderedLogit(len(columns), shares=_shares(cells, len(columns[0].categories or ())))


def _shares(cells: Values, classes: int) -> Float[Array, "features classes"]:
    counts = (cells[:, :, None] == np.arange(classes)).sum(axis=0) + SMOOTHING
    return floats_on_device(counts / counts.sum(axis=1, keepdims=True))


Builder = Callable[[Sequence[Column], Values], AbstractLikelihood]
FAMILIES: dict[str, Builder] = {
    "gaussian": _gaussian,
    "student-t": _student_t,
    "mixture": _mixture,
    "log-normal": _log_normal,
    "logit-normal": _logit_normal,
    "beta": _beta,
    "poisson": lambda columns, _: Poisson(len(columns)),
    "negative-binomial": lambda columns, _: NegativeBinomial(len(columns)),
    "zero-inflated-poisson": lambda columns, _: ZeroInflated(Poisson(len(columns))),
    "zero-inflated-negative-binomial": lambda columns, _: ZeroInflated(NegativeBinomial(len(columns))),
    "bernoulli": lambda columns, _: Bernoulli(len(columns)),
    "categorical": lambda columns, _: Categorical(len(columns), len(columns[0].categories or ())),
    "ordered-logit": _ordered,
}
