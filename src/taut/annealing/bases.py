"""What walks start from: a standard normal, or a mixture that holds every mode that was found, and tails."""

from __future__ import annotations

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.special import gammaln
from jaxtyping import Array, Float, Int

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


MOST_FREEDOM = 8
"""Freedom of a tail: whole, so that χ² is a sum of squares of so many normal draws; more is a Gaussian, nearly."""


class Tails(eqx.Module):
    """Components with tails like powers about the frame's centre, as heavy as the posterior's.

        whole   the multivariate Student-t: u = s v √(ν/χ²_ν),        log density falls like −(ν + d) log r everywhere
        each    one Student-t for each entry: u_i = s v_i √(ν_i/χ²_i), and like −(ν_i + 1) log r along axis i

    with v ~ N(0, I), whole numbers ν, and each of the two at every scale s.
    """

    whole: Float[Array, "*n"]
    each: Float[Array, "*n latents"]
    scales: tuple[float, ...] = eqx.field(static=True, default=(1.0, 2.0))

    @property
    def count(self) -> int:
        """How many components these are."""
        return 2 * len(self.scales)

    def log_densities(self, u: Float[Array, "latents"]) -> Float[Array, "parts"]:
        """Of each component: the whole ones, then the others."""
        latents = u.shape[0]

        def at(scale: float) -> tuple[Scalar, Scalar]:
            v = u / scale
            nu = self.whole
            whole = gammaln(0.5 * (nu + latents)) - gammaln(0.5 * nu) - 0.5 * latents * jnp.log(nu * math.pi)
            whole = whole - 0.5 * (nu + latents) * jnp.log1p(jnp.sum(v**2) / nu)
            nu = self.each
            each = gammaln(0.5 * (nu + 1.0)) - gammaln(0.5 * nu) - 0.5 * jnp.log(nu * math.pi)
            each = jnp.sum(each - 0.5 * (nu + 1.0) * jnp.log1p(v**2 / nu))
            return whole - latents * math.log(scale), each - latents * math.log(scale)

        found = [at(scale) for scale in self.scales]
        return jnp.stack([whole for whole, _ in found] + [each for _, each in found])

    def draw(self, part: Int[Array, ""], like: Float[Array, "latents"], *, key: RandomKey) -> Float[Array, "latents"]:
        """A draw of this component."""
        normal_key, whole_key, each_key = jr.split(key, 3)
        v = jr.normal(normal_key, like.shape, like.dtype)
        counted = jnp.arange(MOST_FREEDOM, dtype=like.dtype)
        squares = jr.normal(whole_key, (MOST_FREEDOM,), like.dtype) ** 2
        whole = self.whole / jnp.sum(jnp.where(counted < self.whole, squares, 0.0))
        squares = jr.normal(each_key, (*like.shape, MOST_FREEDOM), like.dtype) ** 2
        each = self.each / jnp.sum(jnp.where(counted[None, :] < self.each[:, None], squares, 0.0), axis=1)
        scale = jnp.asarray(self.scales, like.dtype)[part % len(self.scales)]
        return scale * v * jnp.sqrt(jnp.where(part < len(self.scales), whole, each))


class Mixture(eqx.Module):
    """q₀ = Σ_k s_k N(c_k, A_k A_kᵀ), and tails, in the coordinates of a path, with its density exact.

    A component with log-share −∞ is not there, so that posteriors of different numbers of modes are one program.
    `inverses` are A_k⁻¹, both lower triangular; `log_shares` has the Gaussians first, then the tails. Walks that start
    from a mixture propose a jump to a fresh draw of it at each temperature: else they would not move between modes.

    >>> import jax, jax.numpy as jnp
    >>> two = Mixture.of(jnp.array([[-3.0], [3.0]]), jnp.full((2, 1, 1), 0.5), jnp.log(jnp.array([0.5, 0.5])))
    >>> round(float(two.log_density(jnp.array([3.0]))), 4)  # log ½ − log 0.5 − ½ log 2π
    -0.9189
    """

    log_shares: Float[Array, "*n all"]
    centres: Float[Array, "*n parts latents"]
    roots: Float[Array, "*n parts latents latents"]
    inverses: Float[Array, "*n parts latents latents"]
    tails: Tails | None = None
    jumps: ClassVar[bool] = True

    @classmethod
    def of(
        cls,
        centres: Float[Array, "parts latents"],
        roots: Float[Array, "parts latents latents"],
        log_shares: Float[Array, "all"],
        tails: Tails | None = None,
    ) -> Mixture:
        """The mixture of these; its shares are made to sum to one."""
        eye = jnp.eye(centres.shape[1], dtype=centres.dtype)
        inverses = jax.vmap(lambda root: jax.scipy.linalg.solve_triangular(root, eye, lower=True))(roots)
        return cls(jax.nn.log_softmax(log_shares), centres, roots, inverses, tails)

    def with_shares(self, log_shares: Float[Array, "all"]) -> Mixture:
        """The same components with other shares."""
        return Mixture(jax.nn.log_softmax(log_shares), self.centres, self.roots, self.inverses, self.tails)

    def log_density(self, u: Float[Array, "latents"]) -> Scalar:
        """log q₀(u)."""
        return jax.nn.logsumexp(self.log_parts(u))

    def log_parts(self, u: Float[Array, "latents"]) -> Float[Array, "all"]:
        """log s_k + the log-density of each component."""
        white = jnp.einsum("kij,kj->ki", self.inverses, u[None, :] - self.centres)
        log_volumes = jnp.sum(jnp.log(jnp.diagonal(self.roots, axis1=-2, axis2=-1)), axis=-1)
        each = -0.5 * jnp.sum(white**2, axis=-1) - log_volumes - 0.5 * u.shape[0] * math.log(2.0 * math.pi)
        if self.tails is not None:
            each = jnp.concatenate([each, self.tails.log_densities(u)])
        return self.log_shares + each

    def draws(self, like: Float[Array, "latents"], count: int, *, key: RandomKey) -> Float[Array, "count latents"]:
        """Draws like `like`: evenly spread over the components, and each one, taken alone, from q₀."""
        part_key, within_key, tail_key = jr.split(key, 3)
        places = (jnp.arange(count) + jr.uniform(part_key, (), like.dtype)) / count
        ends = jnp.cumsum(jnp.exp(self.log_shares))
        # Rounding may leave the last place beyond the last end: it falls to a component that is there.
        parts = jnp.searchsorted(ends, places * ends[-1])
        gaussians = self.centres.shape[0]
        own = jnp.minimum(parts, gaussians - 1)
        within = jr.normal(within_key, (count, *like.shape), like.dtype)
        drawn = self.centres[own] + jnp.einsum("cij,cj->ci", self.roots[own], within)
        if self.tails is None:
            return drawn
        tails, far = self.tails, parts - gaussians
        afar = jax.vmap(lambda part, key: tails.draw(part, like, key=key))(far, jr.split(tail_key, count))
        return jnp.where((far >= 0)[:, None], afar, drawn)


Base = StandardNormal | Mixture
"""Where walks start."""
