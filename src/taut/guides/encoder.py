"""The amortised Gaussian: a network from the datum to a mean and a covariance."""

from collections.abc import Callable
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut.datum import values_of
from taut.guides.base import AbstractGuide
from taut.networks import Perceptron, check_network
from taut.numerics import AffineMap, positive
from taut.shapes import DatumLike, RandomKey

Covariance = Literal["diagonal", "full"]


class GaussianEncoder(AbstractGuide):
    """q(z|x) = N(m(x), S(x)), with S diagonal or full; m and a root of S are outputs of one network.

    The network is a perceptron with `hidden` layers, or any other `network` from the `features` numbers it sees to
    2·latents numbers, for a full covariance latents·(latents + 3)/2; `hidden` is then not used. `inputs` brings the
    datum to the network's scale, and has no effect on any density.

    Raises OptionError where a `network` does not take a vector of `features` numbers, or has other outputs.
    References: Kingma & Welling 2014, arXiv:1312.6114, eq. 9.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> guide = GaussianEncoder(3, 2, hidden=(8,), key=jr.key(0))
    >>> guide(jnp.ones(3)).event_shape
    (2,)
    """

    network: Callable[[Float[Array, "inputs"]], Float[Array, "outputs"]]
    inputs: Callable[[DatumLike], Float[Array, "inputs"]] | None
    latents: int = eqx.field(static=True)
    covariance: Covariance = eqx.field(static=True)

    def __init__(
        self,
        features: int,
        latents: int,
        *,
        hidden: tuple[int, ...] = (200, 200),
        covariance: Covariance = "diagonal",
        inputs: Callable[[DatumLike], Float[Array, "inputs"]] | None = None,
        network: Callable[[Float[Array, "inputs"]], Float[Array, "outputs"]] | None = None,
        key: RandomKey,
    ):
        self.latents, self.covariance, self.inputs = latents, covariance, inputs
        outputs = gaussian_outputs(latents, covariance)
        if network is not None:
            check_network(network, features, outputs, wanted_by="This guide")
        self.network = Perceptron(features, outputs, hidden=hidden, key=key) if network is None else network

    def __call__(self, x: DatumLike) -> dist.Distribution:
        """The distribution of z for this datum."""
        seen = values_of(x) if self.inputs is None else self.inputs(x)
        outputs = self.network(seen.astype(jnp.result_type(seen, float)))  # zeros and ones may come as integers
        mean, raw_scale, below = jnp.split(outputs, (self.latents, 2 * self.latents))
        scale = positive(raw_scale)
        if self.covariance == "diagonal":
            return AffineMap(mean, scale).distribution()
        return AffineMap(mean, jnp.diag(scale).at[jnp.tril_indices(self.latents, -1)].set(below)).distribution()


def gaussian_outputs(latents: int, covariance: Covariance) -> int:
    """How many numbers a network says a mean and a root of the covariance with.

    >>> gaussian_outputs(3, "diagonal"), gaussian_outputs(3, "full")
    (6, 9)
    """
    return 2 * latents + (latents * (latents - 1) // 2 if covariance == "full" else 0)
