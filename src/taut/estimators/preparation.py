"""From what a person passes to the rows that the model sees."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float, Num

from taut.data import Table, Units, binarise_fixed, grey_levels
from taut.data.checks import place
from taut.data.support import FARTHEST
from taut.data.units import too_close
from taut.errors import OptionError, SupportError
from taut.estimators.conditions import joined
from taut.estimators.part_building import OWN, check_own_support
from taut.fitting import AsFloat, DynamicBinarisation, Packed, View, pack
from taut.likelihoods import AbstractLikelihood, Binomial, Categorical, DiscretisedLogistic, check_support


@dataclasses.dataclass(frozen=True)
class Binarisation:
    """How grey values become zeros and ones: each one with probability value/levels.

    `dynamic` draws afresh whenever training looks; evaluation always draws once, with `seed`, so that all models are
    scored on the same array.
    """

    kind: str
    levels: float
    seed: int

    @classmethod
    def of(cls, kind: str, values: np.ndarray, seed: int) -> Binarisation:
        """The binarisation for training data like these. Raises OptionError, SupportError."""
        if kind not in ("none", "dynamic", "fixed"):
            raise OptionError(f"`binarise` wants none, dynamic or fixed; got `{kind}`; choose one of them.")
        return cls(kind, 1.0 if kind == "none" else float(grey_levels(values)), seed)

    def for_training(self, values: np.ndarray) -> tuple[np.ndarray, View]:
        """Rows to keep on the device, and how a step looks at them."""
        if self.kind == "dynamic":
            return values, DynamicBinarisation(self.levels)
        return self.for_evaluation(values), AsFloat()

    def for_evaluation(self, values: np.ndarray) -> np.ndarray:
        """Rows as they are scored; data that are zeros and ones already stay as they are."""
        if self.kind == "none" or bool(np.all((values == 0) | (values == 1))):
            return values
        if values.min() < 0 or values.max() > self.levels:
            raise SupportError(
                f"Binarising wants values from 0 to {self.levels:g}, as in training; got {values.min():g} to "
                f"{values.max():g}; bring the data to that scale."
            )
        return binarise_fixed(values, self.levels, self.seed)

    def expected(self, values: np.ndarray) -> np.ndarray:
        """The mean of the rows that the model sees."""
        return values.mean(axis=0, dtype=np.float64) / self.levels


def stored_rows(
    values: Num[np.ndarray, "n features"], given: Float[np.ndarray, "n width"]
) -> tuple[Num[np.ndarray, "n stored"], View]:
    """Entries and covariates to keep on the device, and how a step looks at them: whole numbers keep their dtype."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize > 4:
        return joined(values, given), AsFloat()
    return pack(values, given), Packed(given=given.shape[1])


def in_units(table: Table, units: Units) -> Table:
    """A block of real numbers as the model sees it. Raises SupportError for one that single precision cannot hold."""
    with np.errstate(over="ignore"):
        values = units.code(table.values)
    beyond = np.argwhere(np.abs(values) > FARTHEST)
    if len(beyond):
        row, column = (int(number) for number in beyond[0])
        raise SupportError(
            f"Numbers within {FARTHEST:g} times the spread of their column are wanted, where single precision ends; "
            f"`{table.name}` holds {table.values[row, column]:g} in {place(row, column, table.columns)}; mend it, or "
            "leave the row out."
        )
    return dataclasses.replace(table, values=values)


def check_told_apart(table: Table) -> None:
    """Refuse a block, coded as by `in_units`, of which a column's numbers are mostly one in single precision."""
    for number, column in enumerate(table.values.T):
        if np.ptp(column) > 0 and too_close(column):
            row = int(np.argmax(np.abs(column)))
            raise SupportError(
                f"Numbers that single precision tells apart are wanted; beside that in "
                f"{place(row, number, table.columns)} of `{table.name}` half of its column are one; mend it, or leave "
                "out the row or the column."
            )


def check_within(likelihood: AbstractLikelihood, name: str, table: Table) -> None:
    """Refuse rows that a fitted likelihood cannot produce, naming the first. Raises SupportError."""
    if name == OWN:
        check_own_support(likelihood, table)
        return
    check_support(name, table.values)
    match likelihood:
        case Binomial(total=total):
            most, what = total, "the total of the binomial"
        case Categorical(classes=classes):
            most, what = classes - 1, "the last category"
        case DiscretisedLogistic(levels=levels):
            most, what = levels - 1, "the last level"
        case _:
            return
    beyond = np.argwhere(table.values > most)
    if len(beyond):
        row, column = beyond[0]
        place = f"column {column}" if table.columns is None else f"column `{table.columns[column]}`"
        raise SupportError(
            f"Values up to {most} are wanted, {what} in training; got {table.values[row, column]:g} in row {row}, "
            f"{place}; "
            "fit on data that reach as far, or leave such rows out."
        )
