"""Ranges of numbers: what is known of a value from its ends, its jumps and its choices."""

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


_KEEPING = frozenset({"broadcast_in_dim", "reshape", "squeeze", "stop_gradient", "convert_element_type", "copy"})

STRUCTURAL = _KEEPING | {
    "concatenate", "stack", "unstack", "transpose", "slice", "rev", "expand_dims", "pad", "tile", "split", "gather",
    "dynamic_slice", "dynamic_update_slice", "copy_p", "cumsum", "cummax", "cummin", "sort", "reduce_min", "reduce_and",
    "reduce_or", "reduce_precision",
}  # fmt: skip

# The place from which on operands say where, and must be known.
_INDEXED = {"gather": 1, "dynamic_slice": 1, "dynamic_update_slice": 2}


def structural(step: Any, operands: list[Any]) -> list[Any]:
    """Of steps that move, copy, add up or sort numbers: the same for both ends."""
    primitive, bind = step.primitive, step.params
    lows, highs = zip(*(ends(operand) for operand in operands), strict=True)
    if primitive.name in _INDEXED and any(
        isinstance(operand, Range) for operand in operands[_INDEXED[primitive.name] :]
    ):
        raise UnknownPrimitiveError(primitive.name)
    if primitive.name == "sort" and len(operands) > 1:  # what is sorted by others may come in any order
        raise UnknownPrimitiveError(primitive.name)
    low, high = primitive.bind(*lows, **bind), primitive.bind(*highs, **bind)
    if primitive.multiple_results:
        return [Range(*pair) for pair in zip(low, high, strict=True)]
    made, first = Range(low, high), operands[0]
    if isinstance(first, Range) and first.maximum_of is not None and _in_place(step, first, low):
        made.maximum_of, made.axes = first.maximum_of, first.axes
    return [made]


def _in_place(step: Any, maximum: Range, made: Any) -> bool:
    """Whether each maximum still stands beside that of which it is one."""
    name, shape, whole, before = (
        step.primitive.name,
        jnp.shape(made),
        jnp.shape(maximum.maximum_of.low),
        jnp.shape(maximum.low),
    )
    axes = range(len(whole))
    if name == "broadcast_in_dim":
        kept = axes if len(before) == len(whole) else (axis for axis in axes if axis not in maximum.axes)
        return len(shape) == len(whole) and tuple(step.params["broadcast_dimensions"]) == tuple(kept)
    if name == "reshape":
        ones = tuple(1 if axis in maximum.axes else whole[axis] for axis in axes)
        return len(before) < len(whole) and shape == ones
    return name in _KEEPING and shape == before and jnp.issubdtype(made.dtype, jnp.inexact)
