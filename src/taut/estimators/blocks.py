"""The columns of a fit, of a table or of one block of numbers."""

from __future__ import annotations

from taut.data import Column, Schema
from taut.errors import OptionError
from taut.estimators.training import Fitted
from taut.likelihoods import Bernoulli, Categorical


def schema_of(fitted: Fitted) -> Schema:
    """The columns of a table; of a block, columns that all have its likelihood, so that cells can be filled alike.

    Raises OptionError where the block was binarised, since the model has never seen its greys.
    """
    if fitted.schema is not None:
        return fitted.schema
    if fitted.binarisation.kind != "none":
        raise OptionError(
            "Filling cells wants a model of them; this one is of their zeros and ones, drawn by `binarise`; fit the "
            "greys as they are."
        )
    names = fitted.columns or [f"x{number}" for number in range(fitted.architecture.features)]
    columns = tuple(_column(name, fitted, place) for place, name in enumerate(names))
    return Schema(columns=columns, named=fitted.columns is not None)


def _column(name: str, fitted: Fitted, place: int) -> Column:
    match fitted.model.observation:
        case Bernoulli():
            return Column(name=name, kind="binary", family="bernoulli", categories=[0, 1])
        case Categorical(classes=classes):
            return Column(name=name, kind="categorical", family="categorical", categories=list(range(classes)))
        case likelihood if likelihood.discrete:
            return Column(name=name, kind="count", family="poisson")
    units = fitted.units
    offset, unit = (0.0, 1.0) if units is None else (units.offsets[place], units.units[place])
    return Column(name=name, kind="real", family="gaussian", offset=offset, unit=unit)
