"""The range of each primitive's result, given the ranges of its operands."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.scipy.special import digamma, erf, erfc, erfinv, gammaln


class UnknownPrimitiveError(Exception):
    """A step of a function whose range is not known."""


@dataclasses.dataclass(eq=False)
class Range:
    """All values from low to high; of booleans, whether certainly and whether possibly true.

    `maximum_of` is the range whose maximum over `axes` this is, and `relative` says over which axes the largest of
    these is exactly zero, or one after `exp`: so log Σ exp keeps its digits, whose terms are taken relative to their
    maximum.
    """

    low: Any
    high: Any
    maximum_of: Any = None
    axes: tuple[int, ...] = ()
    relative: tuple[int, ...] = ()


Rule = Callable[[list[Any], Any], Range]


def ends(operand: Any) -> tuple[Any, Any]:
    """Low and high, the same for what is known."""
    return (operand.low, operand.high) if isinstance(operand, Range) else (operand, operand)


def both(function: Callable[..., Any], operands: list[Any]) -> Range:
    """The range of a function that rises in every operand."""
    lows, highs = zip(*(ends(operand) for operand in operands), strict=True)
    return Range(function(*lows), function(*highs))


def structural(step: Any, operands: list[Any]) -> list[Any]:
    """Of steps that move, copy, add up or sort numbers: the same for both ends."""
    primitive, bind = step.primitive, step.params
    lows, highs = zip(*(ends(operand) for operand in operands), strict=True)
    if primitive.name in _INDEXED and any(
        isinstance(operand, Range) for operand in operands[_INDEXED[primitive.name] :]
    ):
        raise UnknownPrimitiveError(primitive.name)
    low, high = primitive.bind(*lows, **bind), primitive.bind(*highs, **bind)
    if primitive.multiple_results:
        return [Range(*pair) for pair in zip(low, high, strict=True)]
    made, first = Range(low, high), operands[0]
    if isinstance(first, Range) and primitive.name in _KEEPING:
        made.maximum_of, made.axes = first.maximum_of, first.axes
    return [made]


def _product(one: Any, other: Any) -> Range:
    lows, highs = ends(one), ends(other)
    # Nothing times what has no end is nothing: the end itself is never reached.
    corners = [_zero_if_unclear(a * b) for a in lows for b in highs]
    return Range(_least(corners), _most(corners))


def _times(operands: list[Any], step: Any) -> Range:
    one, other = operands
    return _power(one, 2) if one is other else _product(one, other)


def _over(operands: list[Any], step: Any) -> Range:
    low, high = ends(operands[1])
    crosses = (low <= 0) & (high >= 0)
    inverse = Range(jnp.where(crosses, -jnp.inf, 1.0 / high), jnp.where(crosses, jnp.inf, 1.0 / low))
    return _product(operands[0], inverse)


def _minus(operands: list[Any], step: Any) -> Range:
    (a, b), (c, d) = ends(operands[0]), ends(operands[1])
    if operands[0] is operands[1]:
        return Range(a - d + (d - a), a - d + (d - a))
    one, other = operands
    if isinstance(other, Range) and other.maximum_of is one:
        return Range(jnp.minimum(a - d, 0.0), jnp.minimum(b - c, 0.0), relative=other.axes)
    return Range(a - d, b - c)


def _exponential(operands: list[Any], step: Any) -> Range:
    made = both(jnp.exp, operands)
    made.relative = operands[0].relative
    return made


def _maximum_over(operands: list[Any], step: Any) -> Range:
    axes, (low, high) = tuple(step.params["axes"]), ends(operands[0])
    return Range(jnp.max(low, axis=axes), jnp.max(high, axis=axes), maximum_of=operands[0], axes=axes)


def _larger(operands: list[Any], step: Any) -> Range:
    made = both(jnp.maximum, operands)
    for one, other in (operands, operands[::-1]):
        # log Σ exp writes max(−∞, the maximum): the same.
        if isinstance(one, Range) and not isinstance(other, Range) and one.maximum_of is not None:
            made.maximum_of, made.axes = one.maximum_of, one.axes
    return made


def _sum(operands: list[Any], step: Any) -> Range:
    axes, (low, high) = tuple(step.params["axes"]), ends(operands[0])
    low, high = jnp.sum(low, axis=axes), jnp.sum(high, axis=axes)
    if operands[0].relative and operands[0].relative == axes:
        low = jnp.maximum(low, 1.0)
    return Range(low, high)


def _matrix_product(operands: list[Any], step: Any) -> Range:
    """By middles and half widths; of two ranges only where one of them is known is it tight."""
    one, other = operands
    bind = step.params
    (one_middle, one_half), (middle, half) = _middle(one), _middle(other)
    centre = step.primitive.bind(one_middle, middle, **bind)
    spread = step.primitive.bind(jnp.abs(one_middle) + one_half, half, **bind)
    spread = spread + step.primitive.bind(one_half, jnp.abs(middle), **bind)
    return Range(centre - spread, centre + spread)


def _middle(operand: Any) -> tuple[Any, Any]:
    low, high = ends(operand)
    return (
        (0.5 * low + 0.5 * high, 0.5 * high - 0.5 * low) if isinstance(operand, Range) else (low, jnp.zeros_like(low))
    )


def _solved(operands: list[Any], step: Any) -> Range:
    matrix, right = operands
    bind = step.params
    if isinstance(matrix, Range) or matrix.ndim != 2 or not bind["left_side"]:
        raise UnknownPrimitiveError(step.primitive.name)
    inverse = step.primitive.bind(matrix, jnp.eye(len(matrix), dtype=matrix.dtype), **bind)
    middle, half = _middle(right)
    centre, spread = inverse @ middle, jnp.abs(inverse) @ half
    return Range(centre - spread, centre + spread)


def _power(operand: Any, exponent: int) -> Range:
    low, high = ends(operand)
    a, b = low**exponent, high**exponent
    if exponent >= 0 and exponent % 2:
        return Range(a, b)
    inside = (low <= 0) & (high >= 0)
    if exponent >= 0:
        return Range(jnp.where(inside, 0.0, jnp.minimum(a, b)), jnp.maximum(a, b))
    return Range(jnp.where(inside, -jnp.inf, jnp.minimum(a, b)), jnp.where(inside, jnp.inf, jnp.maximum(a, b)))


def _raised(operands: list[Any], step: Any) -> Range:
    base, exponent = operands
    if (
        not isinstance(exponent, Range)
        and not isinstance(exponent, Tracer)
        and np.ndim(exponent) == 0
        and float(exponent) in _WHOLE
    ):
        return _power(base, int(exponent))
    low, high = ends(base)
    # exp(y log x) for x ≥ 0; below, nothing is known.
    logs = Range(jnp.log(jnp.maximum(low, 0.0)), jnp.log(jnp.maximum(high, 0.0)))
    made = both(jnp.exp, [_product(logs, exponent)])
    return Range(jnp.where(low < 0, -jnp.inf, made.low), jnp.where(low < 0, jnp.inf, made.high))


def _size(operands: list[Any], step: Any) -> Range:
    low, high = ends(operands[0])
    least = jnp.where((low <= 0) & (high >= 0), 0.0, jnp.minimum(jnp.abs(low), jnp.abs(high)))
    return Range(least, jnp.maximum(jnp.abs(low), jnp.abs(high)))


def _chosen(operands: list[Any], step: Any) -> Range:
    which, *cases = operands
    pairs = [ends(case) for case in cases]
    if isinstance(which, Range):
        (a, b), (c, d) = pairs
        certain, possible = which.low, which.high
        low = jnp.where(certain, c, jnp.where(possible, jnp.minimum(a, c), a))
        made = Range(low, jnp.where(certain, d, jnp.where(possible, jnp.maximum(b, d), b)))
    else:
        lows, highs = zip(*pairs, strict=True)
        made = Range(*(step.primitive.bind(which, *side) for side in (lows, highs)))
    marked = [case for case in cases if isinstance(case, Range) and case.maximum_of is not None]
    if len(marked) == 1:  # log Σ exp replaces a maximum of −∞ by 0, under which all terms are −∞ still
        made.maximum_of, made.axes = marked[0].maximum_of, marked[0].axes
    return made


def _wave(shift: float) -> Rule:
    """sin(x + shift): its ends, unless a crest or a trough lies between."""

    def rule(operands: list[Any], step: Any) -> Range:
        low, high = (end + shift for end in ends(operands[0]))
        a, b = jnp.sin(low), jnp.sin(high)

        def holds(place: float) -> Any:
            return jnp.floor((high - place) / (2 * math.pi)) >= jnp.ceil((low - place) / (2 * math.pi))

        return Range(
            jnp.where(holds(-math.pi / 2), -1.0, jnp.minimum(a, b)),
            jnp.where(holds(math.pi / 2), 1.0, jnp.maximum(a, b)),
        )

    return rule


def _falls_then_rises(function: Callable[..., Any], place: float) -> Rule:
    def rule(operands: list[Any], step: Any) -> Range:
        low, high = ends(operands[0])
        a, b, least = function(low), function(high), function(jnp.asarray(place, low.dtype))
        return Range(jnp.where((low <= place) & (high >= place), least, jnp.minimum(a, b)), jnp.maximum(a, b))

    return rule


def _log_gamma(operands: list[Any], step: Any) -> Range:
    """Above zero; below it there are poles."""
    made = _falls_then_rises(gammaln, 1.4616321449683623)(operands, step)
    poles = ends(operands[0])[0] <= 0
    return Range(jnp.where(poles, -jnp.inf, made.low), jnp.where(poles, jnp.inf, made.high))


def _rising(function: Callable[..., Any]) -> Rule:
    return lambda operands, step: both(function, operands)


def _falling(function: Callable[..., Any]) -> Rule:
    def rule(operands: list[Any], step: Any) -> Range:
        turned = both(function, operands)
        return Range(turned.high, turned.low)

    return rule


def _within(low: float, high: float, function: Callable[..., Any]) -> Rule:
    """A rising function that is defined between two values."""
    return lambda operands, step: both(lambda x: function(jnp.clip(x, low, high)), operands)


def _compared(certain: Callable[..., Any], possible: Callable[..., Any], same: bool) -> Rule:
    """Of two ranges (a, b) and (c, d); a value compared with itself has one answer, since it is a number."""

    def rule(operands: list[Any], step: Any) -> Range:
        (a, b), (c, d) = ends(operands[0]), ends(operands[1])
        if operands[0] is operands[1]:
            answer = jnp.full(jnp.shape(a), same)
            return Range(answer, answer)
        return Range(certain(a, b, c, d), possible(a, b, c, d))

    return rule


def _finite(operands: list[Any], step: Any) -> Range:
    low, high = ends(operands[0])
    return Range(jnp.isfinite(low) & jnp.isfinite(high), jnp.ones(jnp.shape(low), bool))


def _clamped(operands: list[Any], step: Any) -> Range:
    return both(lambda least, x, most: jnp.clip(x, least, most), operands)


def _zero_if_unclear(value: Any) -> Any:
    return jnp.where(jnp.isnan(value), 0.0, value)


def _least(values: list[Any]) -> Any:
    return jnp.min(jnp.stack(values), axis=0)


def _most(values: list[Any]) -> Any:
    return jnp.max(jnp.stack(values), axis=0)


_WHOLE = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
# Functions with a derivative of their own that rise in every operand, by the name that JAX gives them.
MONOTONE: dict[str, Callable[..., Any]] = {"logaddexp": jnp.logaddexp, "relu": jax.nn.relu}

RULES: dict[str, Rule] = {
    "add": _rising(jnp.add),
    "add_any": _rising(jnp.add),
    "sub": _minus,
    "neg": _falling(jnp.negative),
    "mul": _times,
    "div": _over,
    "dot_general": _matrix_product,
    "triangular_solve": _solved,
    "integer_pow": lambda operands, step: _power(operands[0], step.params["y"]),
    "square": lambda operands, step: _power(operands[0], 2),
    "pow": _raised,
    "abs": _size,
    "max": _larger,
    "min": _rising(jnp.minimum),
    "clamp": _clamped,
    "reduce_max": _maximum_over,
    "reduce_sum": _sum,
    "select_n": _chosen,
    "exp": _exponential,
    "exp2": _rising(jnp.exp2),
    "expm1": _rising(jnp.expm1),
    "log": _within(0.0, math.inf, jnp.log),
    "log1p": _within(-1.0, math.inf, jnp.log1p),
    "sqrt": _within(0.0, math.inf, jnp.sqrt),
    "rsqrt": _falling(lambda x: jax.lax.rsqrt(jnp.maximum(x, 0.0))),
    "cbrt": _rising(jnp.cbrt),
    "tanh": _rising(jnp.tanh),
    "logistic": _rising(jax.nn.sigmoid),
    "erf": _rising(erf),
    "erfc": _falling(erfc),
    "erf_inv": _within(-1.0, 1.0, erfinv),
    "sinh": _rising(jnp.sinh),
    "asinh": _rising(jnp.arcsinh),
    "cosh": _falls_then_rises(jnp.cosh, 0.0),
    "atan": _rising(jnp.arctan),
    "sin": _wave(0.0),
    "cos": _wave(math.pi / 2),
    "sign": _rising(jnp.sign),
    "floor": _rising(jnp.floor),
    "ceil": _rising(jnp.ceil),
    "lgamma": _log_gamma,
    "digamma": _within(0.0, math.inf, digamma),
    "lt": _compared(lambda a, b, c, d: b < c, lambda a, b, c, d: a < d, same=False),
    "le": _compared(lambda a, b, c, d: b <= c, lambda a, b, c, d: a <= d, same=True),
    "gt": _compared(lambda a, b, c, d: a > d, lambda a, b, c, d: b > c, same=False),
    "ge": _compared(lambda a, b, c, d: a >= d, lambda a, b, c, d: b >= c, same=True),
    "eq": _compared(
        lambda a, b, c, d: (a == b) & (c == d) & (a == c), lambda a, b, c, d: (a <= d) & (b >= c), same=True
    ),
    "ne": _compared(
        lambda a, b, c, d: (a > d) | (b < c), lambda a, b, c, d: ~((a == b) & (c == d) & (a == c)), same=False
    ),
    "and": _rising(jnp.logical_and),
    "or": _rising(jnp.logical_or),
    "not": _falling(jnp.logical_not),
    "is_finite": _finite,
}


def _open_choice(operands: list[Any], step: Any) -> list[Any]:
    which = operands[0]
    return [which.low != which.high] if isinstance(which, Range) else []


def _rounding(function: Callable[..., Any]) -> Callable[[list[Any], Any], list[Any]]:
    def jumps(operands: list[Any], step: Any) -> list[Any]:
        low, high = ends(operands[0])
        return [function(low) != function(high)]

    return jumps


def _counted(operands: list[Any], step: Any) -> list[Any]:
    """A truth that becomes a number."""
    return _open_choice(operands, step) if jnp.issubdtype(jnp.result_type(ends(operands[0])[0]), jnp.bool_) else []


# Whether a step jumps within its ranges, where its result is no bounded slope times the change of its operands.
JUMPING: dict[str, Callable[[list[Any], Any], list[Any]]] = {
    "select_n": _open_choice,
    "convert_element_type": _counted,
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
