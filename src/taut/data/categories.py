"""Columns of categories: two of them, any number, or levels in order."""

import numpy as np

from taut.data.cells import Cells
from taut.data.decoding import decode_labels
from taut.data.kinds import Kind
from taut.data.phrases import in_words
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
