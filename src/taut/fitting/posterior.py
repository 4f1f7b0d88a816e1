"""The best Gaussian for one datum, by natural-gradient steps with Gauss–Newton curvature."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular
from jaxtyping import Array, Float

from taut.guides import Covariance
from taut.models import AbstractModel
from taut.numerics import AffineMap, is_diagonal_gaussian, log_density
from taut.shapes import DatumLike, RandomKey

NEWTON_STEPS = 3
AVERAGING_STEPS = 8
# Fractions of a Newton step that are tried at once; the best one is taken, or none.
STRIDES = (1.0, 0.5, 0.2, 0.05)

Vector = Float[Array, "latents"]
Matrix = Float[Array, "latents latents"]


class Mode(NamedTuple):
    """Where a climb is, and the curvature of −log p(x, z) there, made positive."""

    mean: Vector
    precision: Matrix


class Fit(NamedTuple):
    """A Gaussian on its way to the posterior, and its precision; of both, where it is diagonal, the diagonal alone."""

    frame: AffineMap
    precision: Matrix | Vector


class Modes(NamedTuple):
    """Where climbs ended: N(m, A Aᵀ), its precision, and log p(x, m) + log |A|, the log mass but for a constant."""

    frames: AffineMap
    precisions: Float[Array, "starts latents latents"]
    masses: Float[Array, "starts"]


def refined_gaussian(
    model: AbstractModel,
    x: DatumLike,
    starts: Float[Array, "starts latents"],
    *,
    key: RandomKey,
    covariance: Covariance = "full",
    newton_steps: int = NEWTON_STEPS,
) -> AffineMap:
    """N(m, Λ⁻¹) fitted to p(z|x): Newton steps from each start towards a mode, then averaging steps from the best.

        Λ ← (1−ρ) Λ + ρ E_q[Λ_prior + JᵀFJ],    m ← m + ρ Λ⁻¹ E_q[∇_z log p(x,z)],    ρ = 1/2, 1/2, 1/3, …

    with one antithetic pair of draws each. The best mode is the one with most mass by Laplace's method. JᵀFJ is never
    negative, so that Λ stays positive; its fixed point is the best Gaussian where the decoder is linear, and near it
    elsewhere. `covariance="diagonal"` keeps the diagonal of Λ. Whatever comes out is a valid q: score it with draws of
    another key. Costs 4 Jacobians of the decoder for each start and 16 more.

    References: Khan et al. 2018, arXiv:1806.04854 (Gauss–Newton); Khan & Rue 2023, The Bayesian learning rule.

    >>> import jax, jax.numpy as jnp
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> frame = refined_gaussian(model, jnp.array([1.0, 2.0]), jnp.zeros((1, 1)), key=jax.random.key(0))
    >>> round(float(frame.mean[0]), 3), round(float(frame.root[0, 0]) ** 2, 3)
    (1.0, 0.333)
    """
    modes = modes_from(model, x, starts, steps=newton_steps)
    best = jnp.argmax(jnp.where(jnp.isnan(modes.masses), -jnp.inf, modes.masses))
    frame, precision = jax.tree.map(lambda leaf: leaf[best], (modes.frames, modes.precisions))
    if covariance == "diagonal":
        precision = jnp.diagonal(precision)
        frame = AffineMap(frame.mean, _root_of(precision))
    rates = 1.0 / jnp.maximum(2.0, jnp.arange(1, AVERAGING_STEPS + 1, dtype=starts.dtype))
    return _all_averaged(model, x, Fit(frame, precision), rates, key)


def stepped_gaussian(model: AbstractModel, x: DatumLike, start: AffineMap, *, steps: int) -> AffineMap:
    """N(m, Λ⁻¹) after so many averaging steps of `refined_gaussian`, with ρ = 1, 1/2, 1/3, …, from a given Gaussian.

    The first step keeps nothing of the start but the place where it looks. The draws are the same each time, so that
    the Gaussian is a function of x. Costs two Jacobians of the decoder for each step.
    """
    root = jnp.diag(start.root) if start.diagonal else start.root
    inverse = solve_triangular(root, jnp.eye(root.shape[0], dtype=root.dtype), lower=True)
    rates = 1.0 / jnp.arange(1, steps + 1, dtype=root.dtype)
    return _all_averaged(model, x, Fit(AffineMap(start.mean, root), inverse.T @ inverse), rates, jr.key(0))


def _all_averaged(
    model: AbstractModel, x: DatumLike, fit: Fit, rates: Float[Array, "steps"], key: RandomKey
) -> AffineMap:
    def average(fit: Fit, step: tuple[RandomKey, Float[Array, ""]]) -> tuple[Fit, None]:
        return _averaged(model, x, fit, *step), None

    return jax.lax.scan(average, fit, (jr.split(key, rates.shape[0]), rates))[0].frame


def modes_from(model: AbstractModel, x: DatumLike, starts: Float[Array, "starts latents"], *, steps: int) -> Modes:
    """Damped Newton steps up log p(x, z) from each start."""

    def climbed(start: Vector) -> Modes:
        state = Mode(start, _precision(model, x, start))
        state = jax.lax.fori_loop(0, steps, lambda _, state: _newton(model, x, state), state)
        # The volume by this factor, too: on a processor, jaxlib 0.10 may wait for ever where two factorisations do not
        # wait for one another.
        frame = AffineMap(state.mean, root_of_inverse(state.precision))
        return Modes(frame, state.precision, model.log_joint(x, state.mean) + frame.log_volume())

    return jax.vmap(climbed)(starts)


def _newton(model: AbstractModel, x: DatumLike, state: Mode) -> Mode:
    """One damped step to the mode, with the curvature where it ends."""
    gradient = jax.grad(lambda z: model.log_joint(x, z))(state.mean)
    direction = cho_solve(cho_factor(state.precision), gradient)
    strides = jnp.asarray(STRIDES, state.mean.dtype)
    # The mean as it is: adding nothing times a direction that is no number would break it.
    candidates = jnp.concatenate([state.mean[None], state.mean[None] + strides[:, None] * direction[None]])
    values = jax.vmap(lambda z: model.log_joint(x, z))(candidates)
    mean = candidates[jnp.argmax(jnp.where(jnp.isnan(values), -jnp.inf, values))]
    return Mode(mean, _precision(model, x, mean))


def _averaged(model: AbstractModel, x: DatumLike, fit: Fit, key: RandomKey, rate: Float[Array, ""]) -> Fit:
    frame, precision = fit
    noise = jr.normal(key, frame.mean.shape, frame.mean.dtype)
    pair = jnp.stack([frame.place(noise), frame.place(-noise)])
    gradient = jnp.mean(jax.vmap(jax.grad(lambda z: model.log_joint(x, z)))(pair), axis=0)
    curvature_at = _precisions_of_each if frame.diagonal else _precision
    curvature = jnp.mean(jax.vmap(lambda z: curvature_at(model, x, z))(pair), axis=0)
    moved = (1.0 - rate) * precision + rate * curvature
    # A draw so far out that its density is no number must not take the fit with it.
    sound = jnp.all(jnp.isfinite(moved)) & jnp.all(jnp.isfinite(gradient))
    precision = jnp.where(sound, moved, precision)
    root = _root_of(precision)
    gradient = jnp.where(sound, gradient, 0.0)
    # Λ⁻¹ = A Aᵀ: the factor that the next draws want serves the step, too.
    step = root**2 * gradient if frame.diagonal else root @ (root.T @ gradient)
    return Fit(AffineMap(frame.mean + rate * step, root), precision)


def _root_of(precision: Matrix | Vector) -> Matrix | Vector:
    """A with A Aᵀ = Λ⁻¹, or its diagonal."""
    return precision**-0.5 if precision.ndim == 1 else root_of_inverse(precision)


def _precision(model: AbstractModel, x: DatumLike, z: Vector) -> Matrix:
    """Λ_prior + JᵀFJ at z; where the Fisher information is not known, −∇² log p(x, z) made positive."""
    root = model.given(x).information_root(z)
    if root is None:
        return _positive(-jax.hessian(lambda z: model.log_joint(x, z))(z))
    return prior_precision(model, z) + root.T @ root


def _precisions_of_each(model: AbstractModel, x: DatumLike, z: Vector) -> Vector:
    """The diagonal of `_precision`."""
    root = model.given(x).information_root(z)
    if root is None:
        return jnp.diagonal(_precision(model, x, z))
    return jnp.diagonal(prior_precision(model, z)) + jnp.sum(root**2, axis=0)


def prior_precision(model: AbstractModel, z: Vector) -> Matrix:
    """−∇² log p(z), or what a prior has in its place that is never negative and costs no second derivatives."""
    prior: Any = model.prior()
    if is_diagonal_gaussian(prior):
        return jnp.diag(1.0 / jnp.asarray(prior.variance))
    if hasattr(prior, "precision_at"):
        return prior.precision_at(z)
    return _positive(-jax.hessian(lambda z: log_density(prior, z))(z))


def _positive(matrix: Matrix) -> Matrix:
    """The symmetric matrix with its eigenvalues replaced by their sizes, none below a thousandth of the largest."""
    values, vectors = jnp.linalg.eigh(0.5 * (matrix + matrix.T))
    sizes = jnp.maximum(jnp.abs(values), 1e-3 * jnp.maximum(jnp.max(jnp.abs(values)), 1e-3))
    return (vectors * sizes[None, :]) @ vectors.T


def root_of_inverse(precision: Matrix) -> Matrix:
    """Lower triangular A with A Aᵀ = Λ⁻¹."""
    eye = jnp.eye(precision.shape[0], dtype=precision.dtype)
    # Λ = Uᵀ U with U = flip(chol(flip Λ))ᵀ, so that U⁻¹ is lower triangular after the flip back.
    flipped = jnp.linalg.cholesky(precision[::-1, ::-1])
    return solve_triangular(flipped[::-1, ::-1].T, eye, lower=True)
