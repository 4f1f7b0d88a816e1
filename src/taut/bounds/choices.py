"""Ranges of comparisons, and of what is chosen by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from taut.bounds.ranges import Range, Rule, UnknownPrimitiveError, ends


def compared(certain: Callable[..., Any], possible: Callable[..., Any], same: bool) -> Rule:
    """Of two ranges (a, b) and (c, d); a number compared with itself has one answer."""

    def rule(operands: list[Any], step: Any) -> Range:
        (a, b), (c, d) = ends(operands[0]), ends(operands[1])
        if operands[0] is operands[1]:
            answer = jnp.full(jnp.shape(a), same)
            return Range(answer, answer)
        return Range(certain(a, b, c, d), possible(a, b, c, d))

    return rule


def equal(operands: list[Any], step: Any) -> Range:
    """Certainly where both are known and the same, possibly where they meet."""
    (a, b), (c, d) = ends(operands[0]), ends(operands[1])
    if operands[0] is operands[1]:  # asks whether it is a number, as certainly all between two numbers is
        return Range(jnp.isfinite(a) & jnp.isfinite(b), jnp.ones(jnp.shape(a), bool))
    return Range((a == b) & (c == d) & (a == c), (a <= d) & (b >= c))


def different(operands: list[Any], step: Any) -> Range:
    """Where they are not equal."""
    same = equal(operands, step)
    return Range(~same.high, ~same.low)


def of_truths(rule: Rule) -> Rule:
    """Not of the bits of whole numbers."""

    def limited(operands: list[Any], step: Any) -> Range:
        if any(jnp.result_type(end) != jnp.bool_ for operand in operands for end in ends(operand)):
            raise UnknownPrimitiveError(step.primitive.name)
        return rule(operands, step)

    return limited


def finite(operands: list[Any], step: Any) -> Range:
    """Certainly where both ends are; what has no end may be finite still."""
    low, high = ends(operands[0])
    certain = jnp.isfinite(low) & jnp.isfinite(high)
    return Range(certain, jnp.ones(jnp.shape(low), bool), finite_of=operands[0])


def chosen(operands: list[Any], step: Any) -> Range:
    """One of the cases, or what both have between them while the choice is open."""
    which, *cases = operands
    if isinstance(which, Range) and (len(cases) != 2 or which.low.dtype != jnp.bool_):
        raise UnknownPrimitiveError(step.primitive.name)
    pairs = [ends(case) for case in cases]
    if isinstance(which, Range):
        (a, b), (c, d) = pairs
        certain, possible = which.low, which.high
        low = jnp.where(certain, c, jnp.where(possible, jnp.minimum(a, c), a))
        made = Range(low, jnp.where(certain, d, jnp.where(possible, jnp.maximum(b, d), b)))
    else:
        lows, highs = zip(*pairs, strict=True)
        made = Range(*(step.primitive.bind(which, *side) for side in (lows, highs)))
    last = cases[-1]
    if isinstance(which, Range) and isinstance(last, Range) and which.finite_of is last:
        # log Σ exp replaces a maximum of −∞ by 0, under which all terms are −∞ still.
        made.maximum_of, made.axes = last.maximum_of, last.axes
    return made
