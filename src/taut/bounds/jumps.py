"""Where a function jumps, so that its slopes do not bound its change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from taut.bounds.ranges import Range, ends


def _open_choice(operands: list[Any], step: Any) -> list[Any]:
    which = operands[0]
    return [which.low != which.high] if isinstance(which, Range) else []


def _rounding(function: Callable[..., Any]) -> Callable[[list[Any], Any], list[Any]]:
    def jumps(operands: list[Any], step: Any) -> list[Any]:
        low, high = ends(operands[0])
        return [function(low) != function(high)]

    return jumps


def _converted(operands: list[Any], step: Any) -> list[Any]:
    """A truth that becomes a number, or a number that becomes whole."""
    low, high = ends(operands[0])
    if low.dtype == jnp.bool_:
        return _open_choice(operands, step)
    made = step.params["new_dtype"]
    return [] if jnp.issubdtype(made, jnp.inexact) else [low.astype(made) != high.astype(made)]


def _held_fixed(operands: list[Any], step: Any) -> list[Any]:
    """What has no slope though it moves, but for the maximum under log Σ exp, whose slopes cancel."""
    (operand,) = operands
    return [] if operand.maximum_of is not None else [operand.low != operand.high]


# Whether a step jumps within its ranges, where its result is no bounded slope times the change of its operands.
JUMPING: dict[str, Callable[[list[Any], Any], list[Any]]] = {
    "select_n": _open_choice,
    "convert_element_type": _converted,
    "stop_gradient": _held_fixed,
    "floor": _rounding(jnp.floor),
    "ceil": _rounding(jnp.ceil),
    "sign": _rounding(jnp.sign),
}
