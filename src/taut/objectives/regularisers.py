"""Penalties on the rows of a batch together, which no sum over rows can say."""

from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
from jaxtyping import Array, Float

from taut.models import AbstractModel
from taut.objectives.estimators import Sample
from taut.shapes import RandomKey, Scalar


class Batch(NamedTuple):
    """What is known of a batch: a statistic of every row, with a leading axis, and the share that each row has in it.

    `rows` is how many rows there are in all, `kl_weight` the weight of the divergence now.
    """

    model: AbstractModel
    statistics: Any
    shares: Float[Array, "batch"]
    rows: int
    kl_weight: Float[Array, ""] | float
    key: RandomKey


class AbstractRegulariser(eqx.Module):
    """A penalty in nats: a statistic of every row, then one number of all of them."""

    @abstractmethod
    def of_row(self, model: AbstractModel, sample: Sample) -> Any:
        """What the penalty wants to know of one row."""

    @abstractmethod
    def of_batch(self, batch: Batch) -> Scalar:
        """The penalty."""
