"""What every guide is: q(z|x), from a datum to a distribution of its latent."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.datum import values_of
from taut.shapes import DatumLike

Inputs = Callable[[DatumLike], Float[Array, "inputs"]]
Network = Callable[[Float[Array, "inputs"]], Float[Array, "outputs"]]


class AbstractGuide(eqx.Module):
    """q(z|x) for one datum x.

    `amortised` is True where one set of parameters serves all data; False where each datum has its own, and a
    guide for many data is then the same module with a leading axis on every array. `refining_steps` are those that
    `taut.fitting.in_use` takes from its distribution towards each datum's posterior.
    """

    amortised: ClassVar[bool] = True

    @property
    def refining_steps(self) -> int:
        """None, where nothing else is said."""
        return 0

    @abstractmethod
    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""


def read(inputs: Inputs | None, x: DatumLike) -> Float[Array, "inputs"]:
    """What a network sees of a datum: its values as they are, or brought to the network's scale by `inputs`."""
    seen = values_of(x) if inputs is None else inputs(x)
    return seen.astype(jnp.result_type(seen, float))  # zeros and ones may come as integers
