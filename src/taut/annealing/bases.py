"""What walks start from: a standard normal, or a mixture of Gaussians that holds every mode that was found."""

from __future__ import annotations

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from taut.numerics import log_standard_normal
from taut.shapes import RandomKey, Scalar


class StandardNormal(eqx.Module):
    """N(0, I): where the posterior has one mode, the frame of the path has made it so."""

    jumps: ClassVar[bool] = False

    def log_density(self, u: Float[Array, "latents"]) -> Scalar:
        """log N(u; 0, I)."""
        return log_standard_normal(u)

    def draws(self, like: Float[Array, "latents"], count: int, *, key: RandomKey) -> Float[Array, "count latents"]:
        """Draws, each of the shape and type of `like`."""
        return jr.normal(key, (count, *like.shape), like.dtype)


class Mixture(eqx.Module):
    """q₀ = Σ_k s_k N(c_k, A_k A_kᵀ), in the coordinates of a path, with its density exact.

    A component with log-share −∞ is not there, so that posteriors of different numbers of modes are one program.
    `inverses` are A_k⁻¹, both lower triangular. Walks that start from a mixture propose a jump to a fresh draw of it
    at each temperature: else they would not move between modes.

    >>> import jax, jax.numpy as jnp
    >>> two = Mixture.of(jnp.array([[-3.0], [3.0]]), jnp.full((2, 1, 1), 0.5), jnp.log(jnp.array([0.5, 0.5])))
    >>> round(float(two.log_density(jnp.array([3.0]))), 4)  # log ½ − log 0.5 − ½ log 2π
    -0.9189
    """

    log_shares: Float[Array, "*n parts"]
    centres: Float[Array, "*n parts latents"]
    roots: Float[Array, "*n parts latents latents"]
    inverses: Float[Array, "*n parts latents latents"]
    jumps: ClassVar[bool] = True

    @classmethod
    def of(
        cls,
        centres: Float[Array, "parts latents"],
        roots: Float[Array, "parts latents latents"],
        log_shares: Float[Array, "parts"],
    ) -> Mixture:
        """The mixture of these Gaussians; its shares are made to sum to one."""
        eye = jnp.eye(centres.shape[1], dtype=centres.dtype)
        inverses = jax.vmap(lambda root: jax.scipy.linalg.solve_triangular(root, eye, lower=True))(roots)
        return cls(jax.nn.log_softmax(log_shares), centres, roots, inverses)

    def log_density(self, u: Float[Array, "latents"]) -> Scalar:
        """log q₀(u)."""
        return jax.nn.logsumexp(self.log_parts(u))

    def log_parts(self, u: Float[Array, "latents"]) -> Float[Array, "parts"]:
        """log s_k + log N(u; c_k, A_k A_kᵀ) of each component."""
        white = jnp.einsum("kij,kj->ki", self.inverses, u[None, :] - self.centres)
        log_volumes = jnp.sum(jnp.log(jnp.diagonal(self.roots, axis1=-2, axis2=-1)), axis=-1)
        constant = 0.5 * u.shape[0] * math.log(2.0 * math.pi)
        return self.log_shares - 0.5 * jnp.sum(white**2, axis=-1) - log_volumes - constant

    def draws(self, like: Float[Array, "latents"], count: int, *, key: RandomKey) -> Float[Array, "count latents"]:
        """Draws like `like`: evenly spread over the components, and each one, taken alone, from q₀."""
        part_key, within_key = jr.split(key)
        places = (jnp.arange(count) + jr.uniform(part_key, (), like.dtype)) / count
        ends = jnp.cumsum(jnp.exp(self.log_shares))
        # Rounding may leave the last place beyond the last end: it falls to a component that is there.
        parts = jnp.searchsorted(ends, places * ends[-1])
        within = jr.normal(within_key, (count, *like.shape), like.dtype)
        return self.centres[parts] + jnp.einsum("cij,cj->ci", self.roots[parts], within)


Base = StandardNormal | Mixture
