"""Between which values a step of a function stays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp


class UnknownPrimitiveError(Exception):
    """A step of a function whose range is not known."""


@dataclasses.dataclass(eq=False)
class Range:
    """All values from low to high; of booleans, whether certainly and whether possibly true.

    `maximum_of` is the range whose maximum over `axes` this is, and `relative` says over which axes the largest of
    these is exactly zero, or one after `exp`: so log Σ exp keeps its digits, whose terms are taken relative to their
    maximum. `finite_of` is the range of which this says whether it is finite.
    """

    low: Any
    high: Any
    maximum_of: Any = None
    axes: tuple[int, ...] = ()
    relative: tuple[int, ...] = ()
    finite_of: Any = None


Rule = Callable[[list[Any], Any], Range]


def ends(operand: Any) -> tuple[Any, Any]:
    """Low and high, the same for what is known."""
    return (operand.low, operand.high) if isinstance(operand, Range) else (operand, operand)


def both(function: Callable[..., Any], operands: list[Any]) -> Range:
    """The range of a function that rises in every operand."""
    lows, highs = zip(*(ends(operand) for operand in operands), strict=True)
    return Range(function(*lows), function(*highs))


def opened(made: Range) -> Range:
    """The same without an end where that came out as no number, such as ∞ − ∞, about which nothing is known."""
    if jnp.issubdtype(jnp.result_type(made.low), jnp.inexact):
        unclear = jnp.isnan(made.low) | jnp.isnan(made.high)
        made.low, made.high = jnp.where(unclear, -jnp.inf, made.low), jnp.where(unclear, jnp.inf, made.high)
    return made
