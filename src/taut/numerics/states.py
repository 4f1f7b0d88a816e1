"""Categorical latents as vectors, and every value that a distribution with few of them can take."""

# numpyro's own distributions override these methods and properties in the same way.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

from __future__ import annotations

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float, Shaped
from numpyro.distributions import constraints

from taut.errors import OptionError
from taut.shapes import RandomKey

MOST_STATES = 4096
"""So many passes through a decoder are summed over at most."""


class Categories(dist.Distribution):
    """Independent categorical variables, each as the indicator of its category: vectors of zeros and ones.

        log p(z) = Σ_v Σ_c z_vc log softmax(logits_v)_c

    >>> import jax.numpy as jnp
    >>> three = Categories(jnp.log(jnp.array([[0.2, 0.3, 0.5]])))
    >>> round(float(jnp.exp(three.log_prob(jnp.array([0.0, 0.0, 1.0])))), 4), three.mean.round(2).tolist()
    (0.5, [0.2, 0.3, 0.5])
    """

    arg_constraints = {"logits": constraints.real_matrix}  # noqa: RUF012  as numpyro's own distributions declare them
    support = constraints.independent(constraints.boolean, 1)
    pytree_data_fields = ("logits",)

    def __init__(self, logits: Float[Array, "variables categories"]):
        self.logits = logits
        super().__init__(batch_shape=(), event_shape=(logits.size,), validate_args=False)

    def sample(self, key: RandomKey, sample_shape: tuple[int, ...] = ()) -> Float[Array, "*n latents"]:
        """Draws, through which no gradient passes."""
        codes = jr.categorical(key, self.logits, axis=-1, shape=(*sample_shape, self.logits.shape[0]))
        drawn = jax.nn.one_hot(codes, self.logits.shape[1], dtype=self.logits.dtype)
        return drawn.reshape(*sample_shape, *self.event_shape)

    def log_prob(self, value: Float[Array, "*n latents"]) -> Float[Array, "*n"]:
        """Log probability; minus infinity for what is no vector of indicators."""
        parts = value.reshape(*value.shape[:-1], *self.logits.shape)
        indicators = jnp.all((parts == 0) | (parts == 1), axis=(-2, -1)) & jnp.all(parts.sum(axis=-1) == 1, axis=-1)
        log_p = jax.nn.log_softmax(self.logits).reshape(-1)
        return jnp.where(indicators, value @ log_p, -jnp.inf)

    @property
    def mean(self) -> Float[Array, "latents"]:
        """Probabilities."""
        return jax.nn.softmax(self.logits).reshape(-1)

    @property
    def variance(self) -> Float[Array, "latents"]:
        """Of each indicator."""
        return self.mean * (1.0 - self.mean)


def categorical_shape(latents: int, categories: int | None, *, option: str) -> tuple[int, int]:
    """How many variables of how many categories there are: one of all, where no number is given.

    Raises OptionError where a vector of so many latents does not hold whole variables.

    >>> categorical_shape(12, 3, option="prior"), categorical_shape(12, None, option="prior")
    ((4, 3), (1, 12))
    """
    categories = latents if categories is None else categories
    if latents % categories or categories < 2:
        raise OptionError(
            f"`{option}` wants at least 2 categories, and `latent_dim` a multiple of them, an indicator of each for "
            f"each variable; got {categories} categories and {latents} latents; change one of them.",
            option=option,
        )
    return latents // categories, categories


def states_of(distribution: dist.Distribution) -> Shaped[Array, "states *event"] | None:
    """Every value that it can take, or None where there is no end of them, or more than `MOST_STATES`.

    >>> import jax.numpy as jnp
    >>> states_of(Categories(jnp.zeros((2, 2)))).tolist()
    [[1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    >>> states_of(dist.Bernoulli(0.5 * jnp.ones(2)).to_event(1)).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if isinstance(distribution, Categories):
        variables, categories = distribution.logits.shape
        codes = _products(np.arange(categories), variables)
        if codes is None:
            return None
        return jax.nn.one_hot(codes, categories, dtype=distribution.logits.dtype).reshape(len(codes), -1)
    base: Any = distribution.base_dist if isinstance(distribution, dist.Independent) else distribution
    if not base.has_enumerate_support or len(distribution.event_shape) > 1:
        return None
    values = base.enumerate_support(expand=False).reshape(-1)
    if len(distribution.event_shape) == 0:
        return values if len(values) <= MOST_STATES else None
    places = _products(np.arange(len(values)), math.prod(distribution.event_shape))
    return None if places is None else values[places]


def _products(values: np.ndarray, variables: int) -> np.ndarray | None:
    if len(values) ** variables > MOST_STATES:
        return None
    return np.array(list(itertools.product(values, repeat=variables)))
