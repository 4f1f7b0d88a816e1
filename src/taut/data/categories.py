"""Columns of categories, in order or not, and of counts."""

import numpy as np
import pyarrow as pa
import scipy

from taut.data.cells import Cells
from taut.data.decoding import decode_labels, decode_numbers
from taut.data.kinds import Kind
from taut.data.read_errors import in_words, rounded
from taut.data.schema import Column

# Whole numbers with more different values than this are no levels.
_MOST_LEVELS = 12
_OTHER_NAMES = {"string": "text", "wide integer": "whole numbers beyond 63 bits"}


def described(cells: Cells) -> str:
    """What labels are, for a reason."""
    return "a categorical type" if cells.levels is not None else _OTHER_NAMES.get(cells.came, "mixed cells")


def _infer_binary(cells: Cells) -> Column | None:
    if cells.came == "other":
        return None
    labels = cells.distinct
    if len(labels) != 2 or (cells.present.sum() <= 2 and labels != [0, 1]):
        return None
    reason = f"two distinct values: {in_words(labels)}"
    return Column(name=cells.name, kind="binary", family="bernoulli", reason=reason, categories=labels)


def _infer_ordinal(cells: Cells) -> Column | None:
    if not (cells.is_label or cells.is_quantity):
        return None
    labels = cells.distinct
    if cells.came == "enum":
        reason = f"an ordered type with {len(labels)} levels that occur: {in_words(labels)}"
    elif cells.is_quantity and cells.is_whole and _are_levels(cells.observed.astype(np.float64), labels):
        reason = f"{len(labels)} whole numbers from {labels[0]} to {labels[-1]}: ordered levels"
    else:
        return None
    return Column(name=cells.name, kind="ordinal", family="ordered-logit", reason=reason, categories=labels)


def _infer_categorical(cells: Cells) -> Column | None:
    if not cells.is_label:
        return None
    labels, count = cells.distinct, int(cells.present.sum())
    few = len(labels)
    if not (few < count and few <= max(20, np.sqrt(count)) and (count >= 1.5 * few or cells.levels is not None)):
        return None
    reason = f"{described(cells)} with {few} distinct values: {in_words(labels)}"
    return Column(name=cells.name, kind="categorical", family="categorical", reason=reason, categories=labels)


def _are_levels(values: np.ndarray, levels: list[int]) -> bool:
    """Whether there are few whole numbers with hardly a gap, each of which comes back."""
    few = len(levels) <= _MOST_LEVELS and levels[-1] - levels[0] + 1 <= 1.5 * len(levels)
    return few and len(values) >= 2 * len(levels) and not _thins_out(values)


def _thins_out(values: np.ndarray) -> bool:
    """Whether the numbers start at 0, pile up low and become rare at the top, as counts do and ratings do not."""
    if values.min() != 0 or values.max() < 4 or len(values) < 30:
        return False
    frequencies = np.bincount(values.astype(np.int64))
    return bool(np.argmax(frequencies) < len(frequencies) / 2 and frequencies[-1] * 4 <= frequencies.max())


def _values(column: Column) -> str:
    return "only " + ", ".join(sorted(str(category) for category in column.categories or []))


BINARY = Kind(
    name="binary",
    infer=_infer_binary,
    families=("bernoulli",),
    reads="labels",
    values=_values,
    codes="two",
    discrete=True,
    decode=decode_labels,
)
CATEGORICAL = Kind(
    name="categorical",
    infer=_infer_categorical,
    families=("categorical",),
    reads="labels",
    values=_values,
    codes="unordered",
    discrete=True,
    decode=decode_labels,
)
ORDINAL = Kind(
    name="ordinal",
    infer=_infer_ordinal,
    families=("ordered-logit",),
    reads="labels",
    values=_values,
    codes="ordered",
    discrete=True,
    decode=decode_labels,
)


# Above this mean the steps of 1 are too fine to matter.
_LARGE = 1000.0
# Counts with a variance above so many means are negative binomial. Where it is 1.35 means, that gains some 0.02 nats a
# held-out cell over a Poisson distribution; where it is one mean, it loses 0.001 in 200 rows and less in more.
OVERDISPERSED = 1.2
"""Counts with a variance above so many means are negative binomial."""
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
