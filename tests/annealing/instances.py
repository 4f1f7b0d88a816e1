"""Paths whose ends are known: the model, the frame that a walk starts from, rows with their latents, and log p(x)."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist

from taut.annealing import Base, Mixture, Path, Schedule, StandardNormal, Walk, forward_walk, reverse_walk
from taut.bounds import quadrature
from taut.models import AbstractModel
from taut.numerics import AffineMap
from tests.laws.instances import linear_gaussian, random_net, sine


class Mixed(AbstractModel):
    """A prior of two far Gaussians before a linear-Gaussian decoder: two modes, and everything in closed form."""

    offset: jax.Array
    weight: jax.Array
    noise: float = eqx.field(static=True)

    def prior(self) -> dist.Distribution:
        centres = jnp.stack([-self.offset, self.offset])
        parts = dist.Normal(centres, jnp.full_like(centres, 0.5)).to_event(1)
        return dist.MixtureSameFamily(dist.Categorical(probs=jnp.array([0.3, 0.7])), parts)

    def likelihood(self, z: jax.Array) -> dist.Distribution:
        return dist.Normal(self.weight @ z, self.noise).to_event(1)

    def log_evidence(self, x: jax.Array) -> jax.Array:
        """Σ_k π_k N(x; W m_k, W S_k Wᵀ + σ² I)."""
        covariance = 0.25 * self.weight @ self.weight.T + self.noise**2 * jnp.eye(self.weight.shape[0])
        each = [
            jnp.log(share) + dist.MultivariateNormal(self.weight @ centre, covariance).log_prob(x)
            for share, centre in ((0.3, -self.offset), (0.7, self.offset))
        ]
        return jnp.logaddexp(*each)


def mixed() -> Mixed:
    """Modes that overlap after one datum with much noise."""
    weight = jnp.asarray(np.random.default_rng(3).normal(size=(3, 2)), float)
    return Mixed(jnp.array([1.0, -0.8]), weight, 1.5)


ONE = StandardNormal()


class Oracle(NamedTuple):
    """A model, and log p(x) of a row computed in another way."""

    model: AbstractModel
    truth: Callable[[np.ndarray], np.ndarray]
    latents: int


def _closed(model: AbstractModel) -> Callable[[np.ndarray], np.ndarray]:
    return lambda data: np.asarray(eqx.filter_jit(eqx.filter_vmap(model.log_evidence))(jnp.asarray(data)))


def _by_grid(model: AbstractModel) -> Callable[[np.ndarray], np.ndarray]:
    return lambda data: np.array([quadrature(model, jnp.asarray(x), tolerance=1e-4).value for x in data])


def _oracle(model: AbstractModel, latents: int) -> Oracle:
    return Oracle(model, (_closed if hasattr(model, "log_evidence") else _by_grid)(model), latents)


ORACLES: dict[str, Callable[[], Oracle]] = {
    "linear-Gaussian": lambda: _oracle(linear_gaussian(5, 3), 3),
    "mixture prior": lambda: _oracle(mixed(), 2),
    "sine, 1 latent": lambda: _oracle(sine(1), 1),
    "network, 2 latents": lambda: _oracle(random_net(2), 2),
}


def simulated(model: AbstractModel, rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows with the latents that made them."""
    keys = jr.split(jr.key(seed), rows)
    data, latents = eqx.filter_jit(lambda model, keys: jax.vmap(lambda k: model.sample(key=k))(keys))(model, keys)
    return np.asarray(data, float).astype(jnp.result_type(float)), np.asarray(latents)


def wide_frame(latents: int, scale: float = 1.0) -> AffineMap:
    """A start that is wrong on purpose: one Gaussian for every datum."""
    return AffineMap(jnp.zeros(latents), jnp.full(latents, scale))


def two_parts(latents: int) -> Mixture:
    """Two components that overlap, and room for a third; so narrow that inverse weights have a variance."""
    centres = jnp.stack([jnp.full(latents, at) for at in (-0.8, 1.0, 9.0)])
    roots = jnp.stack([scale * jnp.eye(latents) for scale in (0.5, 0.7, 1.0)])
    return Mixture.of(centres, roots, jnp.array([0.0, 0.3, -jnp.inf]))


def even_schedule(length: int, step: float) -> Schedule:
    """Equal steps of β and one step size."""
    return Schedule(jnp.arange(1, length + 1) / length, jnp.full(length, 1 / length), jnp.full(length, step))


@eqx.filter_jit
def walked(
    model: AbstractModel,
    frame: AffineMap,
    data: jax.Array,
    latents: jax.Array,
    schedule: Schedule,
    chains: int,
    leapfrogs: int,
    key: jax.Array,
    base: Base = ONE,
) -> tuple[Walk, Walk]:
    """Forward and reverse walks of every row, the latter from the given latents: arrays (rows, chains)."""

    def row(x: jax.Array, z: jax.Array, key: jax.Array) -> tuple[Walk, Walk]:
        path, length = Path(model, x, frame, base), schedule.betas.shape[0]
        there, back = jr.split(key)
        ahead = jax.vmap(lambda k: forward_walk(path, schedule, length, leapfrogs=leapfrogs, key=k))
        again = jax.vmap(
            lambda k: reverse_walk(path, schedule, length, frame.coordinates(z), leapfrogs=leapfrogs, key=k)
        )
        return ahead(jr.split(there, chains)), again(jr.split(back, chains))

    return jax.vmap(row)(data, latents, jr.split(key, len(data)))
