"""Priors by name, and what is asked of any other."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpyro.distributions as dist

from taut.errors import ShapeError
from taut.models.latent import standard_normal
from taut.parts import NamedPart, PartRegistry

PRIORS = PartRegistry(
    "prior",
    {"normal": NamedPart(lambda *, latents, key: standard_normal(latents))},
    kind=(dist.Distribution, eqx.Module),
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
