"""How large each row of counts is: a number by which all its means are multiplied, given and not modelled."""

import dataclasses

import numpy as np
from jaxtyping import Float, Num

from taut.errors import DataError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sizes in units of the median training row: of a column called `column`, or of the total of a row's counts.

    `means` are those of the counted columns among the training rows. Where a row has holes, its total is that of the
    cells that are there, divided by the share of an average row that such cells hold.
    """

    column: str | None = None
    middle: float = 1.0
    means: tuple[float, ...] = ()

    @property
    def words(self) -> str:
        """What a reader is told that the model was given."""
        return "each row's total" if self.column is None else f"each row's size, `{self.column}`"

    def logarithms(self, sizes: Float[np.ndarray, "n"], name: str) -> Float[np.ndarray, "n"]:
        """log(size/median) of the rows of `name`. Raises DataError for a row whose size is not above 0."""
        if not (sizes > 0).all():
            row = int(np.argmin(sizes > 0))
            held = "no count above 0" if self.column is None else f"{sizes[row]:g} in column `{self.column}`"
            raise DataError(
                f"Wanted a size above 0 for every row; row {row} (counting from 0) of `{name}` has {held}; leave the "
                "row out, or fit without `size_factor`."
            )
        return np.log(sizes / self.middle)


def learn_sizes(
    counts: Num[np.ndarray, "n counts"], sizes: Float[np.ndarray, "n"] | None = None, *, column: str | None = None
) -> Sizes:
    """The sizes of training rows: the totals of their counts, or those of a column."""
    means = tuple(np.asarray(np.nanmean(counts, axis=0, dtype=np.float64)).tolist())
    sizes = totals(counts, means) if sizes is None else sizes
    return Sizes(column=column, middle=float(np.median(sizes)) or 1.0, means=means)


def totals(counts: Num[np.ndarray, "n counts"], means: tuple[float, ...]) -> Float[np.ndarray, "n"]:
    """The total of each row; of one with holes, what is there over the share of `means` that it should hold.

    >>> totals(np.array([[1.0, 3.0], [1.0, np.nan]]), means=(1.0, 3.0)).tolist()
    [4.0, 4.0]
    """
    if counts.dtype.kind != "f" or not np.isnan(counts).any():
        return counts.sum(axis=1, dtype=np.float64)
    usual = np.asarray(means)
    expected = np.where(np.isnan(counts), 0.0, usual).sum(axis=1)
    # A row without any count is of the usual size as far as anyone can say.
    seen = np.where(np.isnan(counts).all(axis=1), usual.sum(), np.nansum(counts, axis=1))
    return seen * usual.sum() / np.where(expected > 0, expected, usual.sum())
