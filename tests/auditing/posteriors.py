"""Posteriors that one Gaussian does not hold, whose log p(x) is known: several modes, bent ones, heavy tails.

Each guide stands on one mode alone. But for the mirrored modes a density is normalised, so that log p(x) is zero.
"""

from collections.abc import Callable
from itertools import permutations
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from scipy.integrate import quad
from scipy.stats import norm

from taut import likelihoods
from taut.guides import AbstractGuide, Constant
from taut.models import AbstractModel, LatentVariableModel, LogJoint, standard_normal
from taut.numerics import inverse_softplus

ROWS = 32
# Those whose upper end is kept.
KEPT = ("two modes, 4 latents", "two modes, 30 latents", "six modes by switched labels")


class Oracle(NamedTuple):
    """A model, a guide on one of its modes, rows, and the mean of their log p(x)."""

    model: AbstractModel
    guide: AbstractGuide
    data: np.ndarray
    truth: float


def _known(log_density: Callable[[jax.Array], jax.Array], mean: list[float], scale: float) -> Oracle:
    model = LogJoint(lambda x, z: log_density(z) + 0.0 * jnp.sum(x), latents=len(mean))
    guide = Constant(dist.Normal(jnp.array(mean), jnp.full(len(mean), scale)).to_event(1))
    return Oracle(model, guide, np.zeros((ROWS, 1), np.float32), 0.0)


def of_modes(means: np.ndarray, scale: float) -> Oracle:
    """Equal Gaussians."""

    def log_density(z: jax.Array) -> jax.Array:
        each = jnp.sum(jax.scipy.stats.norm.logpdf(z[None, :], jnp.asarray(means), scale), axis=1)
        return jax.nn.logsumexp(each) - np.log(len(means))

    return _known(log_density, means[0].tolist(), scale)


def _switched() -> Oracle:
    """Three places in the plane, in whatever order: six modes."""
    places = np.array([[0.0, 3.0], [2.5, -1.5], [-2.5, -1.5]], np.float32)
    return of_modes(np.stack([np.concatenate(order) for order in permutations(places)]), 0.6)


def _mirrored() -> Oracle:
    """x_i = z_i² + 0.3 ε_i for six latents: 64 modes, whose signs no datum tells."""
    noise = likelihoods.Gaussian(6, scale="shared")
    noise = eqx.tree_at(lambda it: it.raw_scale, noise, inverse_softplus(jnp.asarray(0.3)))
    model = LatentVariableModel(prior=standard_normal(6), decoder=lambda z: z**2, likelihood=noise)
    z, errors = np.random.default_rng(0).normal(size=(2, 24, 6))
    data = (z**2 + 0.3 * errors).astype(np.float32)
    guide = Constant(dist.Normal(jnp.ones(6), jnp.full(6, 0.3)).to_event(1))
    each = [
        np.log(quad(lambda z, x=x: norm.pdf(z) * norm.pdf(x, z**2, 0.3), -8.0, 8.0, points=_peaks(x), limit=200)[0])
        for x in data.astype(float).ravel()
    ]
    return Oracle(model, guide, data, 6.0 * float(np.mean(each)))


def _peaks(x: float) -> list[float]:
    root = np.sqrt(max(x, 0.0))
    return [-root, 0.0, root]


def _banana(z: jax.Array) -> jax.Array:
    bent = dist.Normal(1.5 * (z[0] ** 2 - 1.0), 0.5).log_prob(z[1])
    return dist.Normal(0.0, 1.0).log_prob(z[jnp.array([0, 2, 3])]).sum() + bent


def _funnel(z: jax.Array) -> jax.Array:
    return dist.Normal(0.0, 3.0).log_prob(z[0]) + dist.Normal(0.0, jnp.exp(0.5 * z[0])).log_prob(z[1:]).sum()


def _student(freedom: float, latents: int) -> Callable[[jax.Array], jax.Array]:
    whole = dist.MultivariateStudentT(freedom, jnp.zeros(latents), jnp.eye(latents))
    return whole.log_prob


def _independent(freedom: float) -> Callable[[jax.Array], jax.Array]:
    return lambda z: dist.StudentT(freedom).log_prob(z).sum()


ORACLES: dict[str, Callable[[], Oracle]] = {
    "two modes, 4 latents": lambda: of_modes(np.outer([-1.0, 1.0], np.full(4, 3.0)).astype(np.float32), 1.0),
    "two modes, 30 latents": lambda: of_modes(np.outer([-1.0, 1.0], np.full(30, 3.0)).astype(np.float32), 1.0),
    "six modes by switched labels": _switched,
    "64 mirrored modes": _mirrored,
    "banana": lambda: _known(_banana, [0.0, -1.5, 0.0, 0.0], 0.5),
    "funnel": lambda: _known(_funnel, [0.0] * 10, 1.0),
    "independent Cauchy": lambda: _known(_independent(1.0), [0.0] * 5, 1.0),
    "multivariate Cauchy": lambda: _known(_student(1.0, 5), [0.0] * 5, 1.0),
    "independent t": lambda: _known(_independent(4.0), [0.0] * 5, 1.0),
    "multivariate t": lambda: _known(_student(4.0, 5), [0.0] * 5, 1.0),
}
