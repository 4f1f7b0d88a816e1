"""Guides by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx

from taut.guides.base import AbstractGuide
from taut.guides.encoder import Covariance, GaussianEncoder, gaussian_outputs
from taut.parts import NamedPart, PartRegistry
from taut.shapes import RandomKey


def _gaussian(covariance: Covariance) -> NamedPart:
    def build(
        *, inputs: int, latents: int, reader: Any, network: Callable[[int], eqx.Module], key: RandomKey
    ) -> AbstractGuide:
        own: Any = network(gaussian_outputs(latents, covariance))
        return GaussianEncoder(inputs, latents, covariance=covariance, inputs=reader, network=own, key=key)

    return NamedPart(build)


GUIDES = PartRegistry("guide", {"diagonal": _gaussian("diagonal"), "full": _gaussian("full")}, kind=AbstractGuide)
