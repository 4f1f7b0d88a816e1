"""Priors by name: p(z) over one vector of latents, fixed or trained with the model."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpyro.distributions as dist

from taut.errors import OptionError, ShapeError
from taut.models.categorical_prior import CategoricalPrior
from taut.models.flow_prior import FlowPrior
from taut.models.gaussian_priors import GaussianPrior, MixturePrior, VampPrior
from taut.parts import NamedPart, PartRegistry
from taut.shapes import DataLike, RandomKey

COMPONENTS, LAYERS = 50, 2


def standard_normal(latents: int) -> dist.Distribution:
    """N(0, I) over vectors of this length.

    >>> standard_normal(3).event_shape
    (3,)
    """
    return dist.Normal(jnp.zeros(latents), jnp.ones(latents), validate_args=False).to_event(1)


def _mixture(components: int = COMPONENTS, *, latents: int, key: RandomKey, rows: DataLike) -> MixturePrior:
    return MixturePrior.spread(components, latents, key=key)


def _vamp(components: int = COMPONENTS, *, latents: int, key: RandomKey, rows: DataLike) -> VampPrior:
    return VampPrior.of_rows(rows, components, latents=latents)


def _flow(layers: int = LAYERS, *, latents: int, key: RandomKey, rows: DataLike) -> FlowPrior:
    return FlowPrior(layers, latents=latents, key=key)


def _categorical(categories: int | None = None, *, latents: int, key: RandomKey, rows: DataLike) -> CategoricalPrior:
    return CategoricalPrior(latents, categories)


PRIORS = PartRegistry(
    "prior",
    {
        "normal": NamedPart(lambda *, latents, key, rows: standard_normal(latents)),
        "gaussian": NamedPart(lambda *, latents, key, rows: GaussianPrior(latents)),
        "mixture": NamedPart(_mixture, "number of components", most=1),
        "vamp": NamedPart(_vamp, "number of pseudo-inputs", most=1),
        "flow": NamedPart(_flow, "number of layers", most=1),
        "categorical": NamedPart(_categorical, "number of categories", most=1),
    },
    kind=(dist.Distribution, eqx.Module),
)
"""Priors that have a name, as an option of `VAE` and of the command line."""


def prior_for(given: Any, *, latents: int, rows: DataLike, key: RandomKey) -> Any:
    """The prior that was given by name, as an object, or as a function of `latents` and `key`.

    `rows` are data from which a prior with a name may start.
    Raises OptionError where it is none of these, ShapeError where it is not over one vector of so many latents.
    """
    data = {"rows": rows} if isinstance(given, str) else {}
    prior = PRIORS.build(given, latents=latents, key=key, **data)
    check_prior(prior, latents)
    return prior


def check_rows_for(given: Any, rows: int) -> None:
    """Raise OptionError where a prior with a name wants more training rows than there are.

    >>> check_rows_for("vamp:10", rows=10)
    """
    if not (isinstance(given, str) and given.partition(":")[0] == "vamp"):
        return
    wanted = (*PRIORS.parse(given)[1], COMPONENTS)[0]
    if wanted > rows:
        raise OptionError(
            f"`prior` wants at most as many pseudo-inputs as training rows, {rows}; got {wanted}; ask for fewer, as in "
            f"`vamp:{rows}`.",
            option="prior",
        )


def check_prior(prior: Any, latents: int) -> None:
    """Raise ShapeError where a distribution, or a module that returns one, is not over one vector of so many latents.

    >>> check_prior(standard_normal(2), latents=2)
    """
    given = prior if isinstance(prior, dist.Distribution) else prior()
    if not isinstance(given, dist.Distribution):
        raise ShapeError(
            f"A prior that is a distribution of numpyro is wanted; got a {type(given).__name__}; return one."
        )
    if (given.batch_shape, given.event_shape) != ((), (latents,)):
        raise ShapeError(
            f"A prior over one vector of {latents} latents is wanted; got batch shape {given.batch_shape} and "
            f"event shape {given.event_shape}; for independent latents end it with `.to_event(1)`."
        )
