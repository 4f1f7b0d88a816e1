"""Coordinates in which a Gaussian is the standard one."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from taut.numerics.distributions import mean_and_cholesky
from taut.shapes import Scalar


def floats_on_device(values: np.ndarray | Array) -> Float[Array, "..."]:
    """These numbers as floats of the working precision, put there: `jnp.asarray` compiles a program for each shape.

    >>> floats_on_device(np.array([1, 2])).tolist()
    [1.0, 2.0]
    """
    return jax.device_put(np.asarray(values).astype(jnp.result_type(float)))


def take(tree: Any, rows: Any) -> Any:
    """These rows of every array of a tree, on the host: on the device each shape would be a compiled program.

    >>> take((np.array([1, 2, 3]), None), [2, 0])
    (array([3, 1]), None)
    """
    return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], tree)


class AffineMap(eqx.Module):
    """z = m + A u, so that u ~ N(0, I) makes z ~ N(m, A Aᵀ); A lower triangular, or its diagonal alone.

        log N(z; m, A Aᵀ) = log N(u; 0, I) − log |A|

    >>> import jax.numpy as jnp
    >>> affine = AffineMap(jnp.ones(2), jnp.array([1.0, 3.0]))
    >>> affine.place(jnp.array([0.0, 1.0])).tolist(), round(float(affine.log_volume()), 4)
    ([1.0, 4.0], 1.0986)
    """

    mean: Float[Array, "*n latents"]
    root: Float[Array, "*n latents *columns"]

    @property
    def diagonal(self) -> bool:
        """Whether A is diagonal."""
        return self.root.ndim == self.mean.ndim

    def place(self, u: Float[Array, "latents"]) -> Float[Array, "latents"]:
        """The latent with these coordinates."""
        return self.mean + (self.root * u if self.diagonal else self.root @ u)

    def coordinates(self, z: Float[Array, "latents"]) -> Float[Array, "latents"]:
        """The u of a latent."""
        shift = z - self.mean
        return shift / self.root if self.diagonal else solve_triangular(self.root, shift, lower=True)

    def log_volume(self) -> Scalar:
        """log |A|."""
        return jnp.sum(jnp.log(self.root if self.diagonal else jnp.diagonal(self.root)))

    def stretched(self, factor: float) -> AffineMap:
        """The same Gaussian with its standard deviations multiplied."""
        return AffineMap(self.mean, factor * self.root)

    def distribution(self) -> dist.Distribution:
        """N(m, A Aᵀ)."""
        if self.diagonal:
            return dist.Normal(self.mean, self.root, validate_args=False).to_event(1)
        return dist.MultivariateNormal(self.mean, scale_tril=self.root, validate_args=False)

    @classmethod
    def of(cls, distribution: dist.Distribution) -> AffineMap:
        """The affine map of a Gaussian vector.

        Raises NotImplementedError for anything else.
        """
        return cls(*mean_and_cholesky(distribution))


def spread_of(distribution: dist.Distribution) -> AffineMap:
    """The affine map of a Gaussian vector; of any other its mean and the standard deviation of each entry.

    Raises NotImplementedError where there is no formula for these.

    >>> pair = dist.Normal(jnp.ones((2, 1)), 3.0).to_event(1)
    >>> mixture = dist.MixtureSameFamily(dist.Categorical(probs=jnp.array([0.5, 0.5])), pair)
    >>> spread_of(mixture).mean.tolist(), spread_of(mixture).root.tolist()
    ([1.0], [3.0])
    """
    if isinstance(distribution, dist.MultivariateNormal):
        return AffineMap.of(distribution)
    return AffineMap(jnp.asarray(distribution.mean), jnp.sqrt(jnp.asarray(distribution.variance)))
