"""Guides by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx

from taut.guides.base import AbstractGuide
from taut.guides.families import AbstractFamily, Categorical, Encoder, LowRank, Mixture
from taut.guides.flows import autoregressive_flow, spline_flow
from taut.guides.gaussian import Covariance, GaussianEncoder, gaussian_outputs
from taut.numerics import categorical_shape
from taut.parts import NamedPart, PartRegistry
from taut.shapes import RandomKey

BuildNetwork = Callable[[int], eqx.Module]
RANK, COMPONENTS, STEPS = 4, 4, 3


def _gaussian(covariance: Covariance) -> NamedPart:
    return NamedPart(lambda **shapes: _encoder(covariance, 0, **shapes))


def _refined(steps: int = STEPS, **shapes: Any) -> GaussianEncoder:
    return _encoder("diagonal", steps, **shapes)


def _encoder(
    covariance: Covariance,
    steps: int,
    *,
    inputs: int,
    latents: int,
    reader: Any,
    network: BuildNetwork,
    key: RandomKey,
) -> GaussianEncoder:
    own: Any = network(gaussian_outputs(latents, covariance))
    return GaussianEncoder(inputs, latents, covariance=covariance, inputs=reader, network=own, steps=steps, key=key)


def _of_family(family: Callable[..., AbstractFamily], numbers: str) -> NamedPart:
    def build(*own: int, inputs: int, latents: int, reader: Any, network: BuildNetwork, key: RandomKey) -> Encoder:
        made = family(*own, latents=latents, key=key)
        of_family: Any = network(made.outputs)
        return Encoder(made, of_family, reader)

    return NamedPart(build, numbers, most=1)


def _low_rank(rank: int = RANK, *, latents: int, key: RandomKey) -> LowRank:
    return LowRank(latents, min(rank, latents))


def _mixture(components: int = COMPONENTS, *, latents: int, key: RandomKey) -> Mixture:
    return Mixture(latents, components)


def _categorical(categories: int | None = None, *, latents: int, key: RandomKey) -> Categorical:
    return Categorical(*categorical_shape(latents, categories, option="guide"))


GUIDES = PartRegistry(
    "guide",
    {
        "diagonal": _gaussian("diagonal"),
        "full": _gaussian("full"),
        "low-rank": _of_family(_low_rank, "number of columns"),
        "mixture": _of_family(_mixture, "number of components"),
        "categorical": _of_family(_categorical, "number of categories"),
        "flow": _of_family(autoregressive_flow, "number of layers"),
        "spline": _of_family(spline_flow, "number of layers"),
        "refined": NamedPart(_refined, "number of steps", most=1),
    },
    kind=AbstractGuide,
)
"""Guides that have a name, as an option of `VAE` and of the command line."""
