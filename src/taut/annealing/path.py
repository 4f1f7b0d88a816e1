"""The path from q to p(z|x), and at which temperatures a walk stops on it."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from taut.annealing.bases import Base, StandardNormal
from taut.models import AbstractModel
from taut.numerics import AffineMap
from taut.shapes import DatumLike, RandomKey, Scalar


def temperatures(
    at: Float[np.ndarray, "pilot"], variance: Float[np.ndarray, "pilot"], length: int
) -> Float[np.ndarray, "length"]:
    """β_1 … β_T = 1 at constant thermodynamic speed: denser where √Var_β(ℓ), measured at `at`, is large.

    A walk's gap is near (∫ √Var dβ)² / (2T) then, and J/(2T) on equal steps (Grosse et al. 2013). A pilot sees each
    variance with a large error, so half of it is replaced by the mean over β: no noise can leave a hole.

    >>> import numpy as np
    >>> temperatures(np.array([0.5, 1.0]), np.ones(2), 4).tolist()
    [0.25, 0.5, 0.75, 1.0]
    """
    variance = np.where(np.isfinite(variance), np.asarray(variance, np.float64), 0.0)
    widths = np.diff(np.asarray(at, np.float64), prepend=0.0)
    mean = float(np.sum(widths * variance))
    speed = np.sqrt(0.5 * variance + 0.5 * mean) if mean > 0 else np.ones_like(variance)
    reached = np.concatenate([[0.0], np.cumsum(widths * speed)])
    betas = np.interp(np.arange(1, length + 1) / length, reached / reached[-1], np.concatenate([[0.0], at]))
    betas[-1] = 1.0
    return betas


def steps_between(
    at: Float[np.ndarray, "pilot"], steps: Float[np.ndarray, "pilot"], betas: Float[np.ndarray, "length"]
) -> Float[np.ndarray, "length"]:
    """A pilot's step sizes at other temperatures: geometric means over five neighbours, between them by lines.

    >>> import numpy as np
    >>> steps_between(np.array([0.5, 1.0]), np.array([0.3, 0.3]), np.array([0.2, 0.7])).round(3).tolist()
    [0.3, 0.3]
    """
    window = np.ones(5)
    logs = np.log(np.asarray(steps, np.float64))
    near = min(len(window), len(logs))
    smooth = np.convolve(logs, window[:near], "same") / np.convolve(np.ones_like(logs), window[:near], "same")
    return np.exp(np.interp(betas, at, smooth))


Coordinates = Float[Array, "latents"]


class Position(NamedTuple):
    """A point of a walk: its coordinates u, log p̃(u) and its gradient, neither of which depends on β."""

    u: Coordinates
    log_joint: Scalar
    gradient: Coordinates


class Path(eqx.Module):
    """π_β(u) ∝ q₀(u)^{1−β} p̃(u)^β with p̃(u) = p(x, m + A u) |A|: from q₀, which is N(m, A Aᵀ) or a mixture, to p(z|x).

    In these coordinates both ends look alike where q₀ is a good fit, and one step size serves all directions.
    """

    model: AbstractModel
    x: DatumLike
    frame: AffineMap
    base: Base = StandardNormal()

    def log_joint(self, u: Coordinates) -> Scalar:
        """log p̃(u) = log p(x, m + A u) + log |A|."""
        return self.model.log_joint(self.x, self.frame.place(u)) + self.frame.log_volume()

    def at(self, u: Coordinates) -> Position:
        """The point with these coordinates."""
        return Position(u, *jax.value_and_grad(self.log_joint)(u))

    def fresh(self, key: RandomKey) -> Coordinates:
        """A draw of q₀."""
        return self.base.draws(self.frame.mean, 1, key=key)[0]

    def log_ratio(self, position: Position) -> Scalar:
        """ℓ(u) = log p̃(u) − log q₀(u): the log-weight of importance sampling, and the step of annealing."""
        return position.log_joint - self.base.log_density(position.u)

    def log_density(self, position: Position, beta: Scalar) -> Scalar:
        """log π_β up to its constant."""
        return (1.0 - beta) * self.base.log_density(position.u) + beta * position.log_joint

    def force(self, u: Coordinates, gradient: Coordinates, beta: Scalar) -> Coordinates:
        """∇ log π_β, given that of log p̃."""
        return beta * gradient + (1.0 - beta) * jax.grad(self.base.log_density)(u)
