"""Entries that are one of a few categories."""

from typing import ClassVar

import equinox as eqx
import numpyro.distributions as dist

from taut.likelihoods.base import AbstractLikelihood
from taut.shapes import Outputs


class Categorical(AbstractLikelihood):
    """Independent category codes 0 … classes−1, with `classes` logits for each entry as outputs."""

    features: int = eqx.field(static=True)
    classes: int = eqx.field(static=True)
    discrete: ClassVar[bool] = True

    @property
    def outputs(self) -> int:
        """How many numbers the decoder must return for one datum."""
        return self.features * self.classes

    def __call__(self, outputs: Outputs) -> dist.Distribution:
        """The distribution of one datum."""
        return dist.CategoricalLogits(outputs.reshape(self.features, self.classes)).to_event(1)
