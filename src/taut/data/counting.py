"""Columns of counts: whole numbers from 0 up, and which distribution they have by their moments."""

import numpy as np
import pyarrow as pa
import scipy

from taut.data.cells import Cells
from taut.data.decoding import decode_numbers
from taut.data.kinds import Kind
from taut.data.phrases import rounded
from taut.data.schema import Column

# Above this mean the steps of 1 are too fine to matter.
_LARGE = 1000.0
# Counts with a variance above so many means are negative binomial. Where it is 1.35 means, that gains some 0.02 nats a
# held-out cell over a Poisson distribution; where it is one mean, it loses 0.001 in 200 rows and less in more.
OVERDISPERSED = 1.2
# So many cells a count would have put below the smallest one that is there.
_EMPTY_CELLS = 10.0


def no_count(values: np.ndarray) -> str:
    """Why whole numbers from 0 up are no count; empty where they are one.

    >>> no_count(np.array([0, 1, 1, 2, 5, 0]))
    ''
    """
    mean, variance, least = float(values.mean()), float(values.var()), float(values.min())
    if mean > _LARGE:
        return "large"
    if variance < 0.8 * mean:
        return "more regular than a count"
    if mean > 50 and least > mean / 2:
        return "large and far from 0"
    if least > 0 and len(values) * _share_below(least, mean, variance) > _EMPTY_CELLS:
        return f"none below {least:.0f}, where a count would have some"
    return ""


def count_family(values: np.ndarray) -> tuple[str, str]:
    """The family of counts, and a clause for its reason.

    Poisson where the variance is at most 1.2 means, negative-binomial above; zero-inflated where there are
    far more zeros than the fitted one gives: five standard errors and a twentieth of the rows.

    >>> count_family(np.random.default_rng(0).poisson(3.0, 500))[0]
    'poisson'
    """
    mean, variance = float(values.mean()), float(values.var())
    family = "poisson" if variance <= OVERDISPERSED * mean else "negative-binomial"
    zeros = float((values == 0).mean())
    expected = _share_below(1.0, mean, variance)
    error = np.sqrt(expected * (1 - expected) / len(values))
    if zeros < 1 and zeros > expected + max(0.05, 5 * error):
        inflated = "zero-inflated-poisson" if _positive_part_is_poisson(values) else "zero-inflated-negative-binomial"
        return inflated, f"{zeros:.0%} zeros where {expected:.0%} were expected"
    return family, f"variance {rounded(variance / mean)} times the mean"


def _share_below(least: float, mean: float, variance: float) -> float:
    """P(x < least) under the Poisson or negative-binomial distribution with these moments."""
    if variance <= OVERDISPERSED * mean:
        return float(scipy.special.pdtr(least - 1, mean))
    size = mean**2 / (variance - mean)
    return float(scipy.special.betainc(size, least, size / (size + mean)))


def _positive_part_is_poisson(values: np.ndarray) -> bool:
    """Whether the cells above 0 vary as those of a Poisson distribution without its zero would."""
    positive = values[values > 0]
    mean = float(positive.mean())
    rate = mean
    for _ in range(50):
        # The mean of a Poisson distribution without its zero is rate / (1 - exp(-rate)).
        rate = mean * -np.expm1(-rate)
    expected = mean * (1 + rate - mean)
    return mean == 1.0 or bool(positive.var() <= OVERDISPERSED * expected)


def _infer_count(cells: Cells) -> Column | None:
    if not cells.is_quantity or not cells.is_whole or cells.observed.min() < 0:
        return None
    values = cells.observed.astype(np.float64)
    if no_count(values):
        return None
    family, clause = count_family(values)
    return Column(name=cells.name, kind="count", family=family, reason=f"whole numbers from 0 up, {clause}")


def _decode_count(column: Column, coded: np.ndarray, as_cells: bool) -> pa.Array:
    return decode_numbers(column, np.maximum(np.rint(coded), 0))


COUNT = Kind(
    name="count",
    infer=_infer_count,
    families=("poisson", "negative-binomial", "zero-inflated-poisson", "zero-inflated-negative-binomial"),
    choose_family=lambda cells: count_family(cells.numbers()[cells.present])[0],
    values=lambda column: "whole numbers from 0 up",
    within=lambda column, numbers: (numbers >= 0) & (numbers == np.floor(numbers)),
    discrete=True,
    decode=_decode_count,
)
