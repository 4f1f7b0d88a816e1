"""The path from a Gaussian to the posterior of one datum, in the Gaussian's own coordinates."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
from jaxtyping import Array, Float

from taut.models import AbstractModel
from taut.numerics import AffineMap, log_standard_normal
from taut.shapes import DatumLike, Scalar

Coordinates = Float[Array, "latents"]


class Position(NamedTuple):
    """A point of a walk: its coordinates u, log p̃(u) and its gradient, neither of which depends on β."""

    u: Coordinates
    log_joint: Scalar
    gradient: Coordinates


class Path(eqx.Module):
    """π_β(u) ∝ N(u; 0, I)^{1−β} p̃(u)^β with p̃(u) = p(x, m + A u) |A|: from q₀ = N(m, A Aᵀ) to p(z|x).

    In these coordinates both ends look alike where q₀ is a good fit, and one step size serves all directions.
    """

    model: AbstractModel
    x: DatumLike
    frame: AffineMap

    def log_joint(self, u: Coordinates) -> Scalar:
        """log p̃(u) = log p(x, m + A u) + log |A|."""
        return self.model.log_joint(self.x, self.frame.place(u)) + self.frame.log_volume()

    def at(self, u: Coordinates) -> Position:
        """The point with these coordinates."""
        return Position(u, *jax.value_and_grad(self.log_joint)(u))

    def log_ratio(self, position: Position) -> Scalar:
        """ℓ(u) = log p̃(u) − log N(u; 0, I): the log-weight of importance sampling, and the step of annealing."""
        return position.log_joint - log_standard_normal(position.u)

    def log_density(self, position: Position, beta: Scalar) -> Scalar:
        """log π_β up to its constant."""
        return (1.0 - beta) * log_standard_normal(position.u) + beta * position.log_joint
