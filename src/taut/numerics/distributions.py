"""numpyro's distributions promise anything array-like; these return arrays, and take one value at a time."""

import functools
from typing import Any

import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float, Shaped
from numpyro.distributions import constraints

from taut.shapes import RandomKey, Scalar

_unordered = dist.Distribution.gather_pytree_data_fields.__func__


@functools.cache
def _fields_by_name(kind: type[dist.Distribution]) -> tuple[str, ...]:
    return tuple(sorted(_unordered(kind)))


# numpyro orders them by a set, and so by the hash seed of the process: the same model would be another program in the
# next process, where nothing that was compiled before could serve it.
dist.Distribution.gather_pytree_data_fields = classmethod(_fields_by_name)  # pyright: ignore[reportAttributeAccessIssue]


def log_density(distribution: dist.Distribution, value: Shaped[Array, "..."]) -> Scalar:
    """Log density, or log probability, of one value; minus infinity outside the support.

    numpyro looks at the support of what it is given in person alone: a Uniform that went through `jit` has density 1
    everywhere.

    >>> bounded = dist.Uniform(jnp.zeros(1), 1.0, validate_args=False).to_event(1)
    >>> float(log_density(bounded, jnp.array([2.0])))
    -inf
    """
    density = jnp.asarray(distribution.log_prob(value))
    support: Any = distribution.support
    own = not type(distribution).__module__.startswith("numpyro")
    if own or distribution.is_discrete or _holds_everything(support):
        return density
    return jnp.where(support(value), density, -jnp.inf)


def _holds_everything(support: Any) -> bool:
    """Whether it is all real numbers or vectors."""
    while isinstance(support, constraints.independent):
        support = support.base_constraint
    return support in (constraints.real, constraints.real_vector)


def log_density_by_entry(distribution: dist.Distribution, value: Shaped[Array, "datum"]) -> Float[Array, "entries"]:
    """The terms of log p of one vector whose entries are independent; a distribution of our own has them `by_entry`.

    What is given beside the entries has no term.
    """
    if isinstance(distribution, dist.Independent):
        return jnp.asarray(distribution.base_dist.log_prob(value))
    return distribution.by_entry(value)  # pyright: ignore[reportAttributeAccessIssue]


def is_discrete(distribution: dist.Distribution) -> bool:
    """Whether its `log_prob` is the log of a probability, and not of a density: by the support that it declares.

    >>> is_discrete(dist.Poisson(2.0)), is_discrete(dist.Normal(0.0, 1.0).expand([3]).to_event(1))
    (True, False)
    """
    return bool(getattr(distribution.support, "is_discrete", False))


def one_draw(distribution: dist.Distribution, *, key: RandomKey) -> Shaped[Array, "..."]:
    """One draw, through which a gradient passes where the distribution can be reparameterised."""
    return jnp.asarray(distribution.sample(key))
