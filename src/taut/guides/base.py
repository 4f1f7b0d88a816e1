"""What every guide can do."""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import numpyro.distributions as dist

from taut.shapes import DatumLike


class AbstractGuide(eqx.Module):
    """q(z|x) for one datum x.

    `amortised` is True where one set of parameters serves all data; False where each datum has its own, and a
    guide for many data is then the same module with a leading axis on every array.
    """

    amortised: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""
