"""The range of each primitive's result, given the ranges of its operands."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.scipy.special import digamma, erf, erfc, erfinv, gammaln

from taut.bounds.ranges import (
    Range,
    Rule,
    UnknownPrimitiveError,
    both,
    chosen,
    compared,
    different,
    ends,
    equal,
    finite,
    of_truths,
)


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
        if isinstance(one, Range) and one.maximum_of is not None and _is_minus_infinity(other):
            made.maximum_of, made.axes = one.maximum_of, one.axes
    return made


def _is_minus_infinity(operand: Any) -> bool:
    return not isinstance(operand, (Range, Tracer)) and bool(np.all(np.isneginf(operand)))


def _sum(operands: list[Any], step: Any) -> Range:
    axes, (low, high) = tuple(step.params["axes"]), ends(operands[0])
    low, high = jnp.sum(low, axis=axes), jnp.sum(high, axis=axes)
    if operands[0].relative and operands[0].relative == axes:
        low = jnp.maximum(low, 1.0)
    return Range(low, high)


def _zeros_and_ones(operands: list[Any]) -> Range:
    """Of known x, each x η − softplus(η) is concave in η: lowest at an end, highest where the chance of one is x."""
    x, logits = operands
    # With more axes it is unknown which one holds the entries: `vmap` puts its own anywhere.
    if isinstance(x, Range) or jnp.ndim(x) != 1 or logits.low.ndim != 1:
        raise UnknownPrimitiveError("bernoulli_log_prob")

    def at(logits: Any) -> Any:
        return x * logits - jax.nn.softplus(logits)

    top = jnp.clip(jax.scipy.special.logit(x), logits.low, logits.high)
    low, high = jnp.minimum(at(logits.low), at(logits.high)), at(top)
    return Range(jnp.sum(low, axis=-1), jnp.sum(high, axis=-1))


def _matrix_product(operands: list[Any], step: Any) -> Range:
    """By middles and half widths; of two ranges only where one of them is known is it tight."""
    one, other = operands
    bind = step.params
    (one_middle, one_half), (middle, half) = _middle(one), _middle(other)
    centre = step.primitive.bind(one_middle, middle, **bind)
    spread = step.primitive.bind(jnp.abs(one_middle) + one_half, half, **bind)
    spread = spread + step.primitive.bind(one_half, jnp.abs(middle), **bind)
    return _about(centre, spread)


def _about(centre: Any, spread: Any) -> Range:
    """A little wider than it need be: of an end that is small beside the other rounding would leave nothing."""
    wider = spread + 1e-14 * (jnp.abs(centre) + spread)
    return Range(centre - wider, centre + wider)


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
    return _about(inverse @ middle, jnp.abs(inverse) @ half)


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


def _wave(shift: float) -> Rule:
    """sin(x + shift): its ends, unless a crest or a trough lies between, or x is so large that adding loses digits."""

    def rule(operands: list[Any], step: Any) -> Range:
        low, high = (end + shift for end in ends(operands[0]))
        large = jnp.maximum(jnp.abs(low), jnp.abs(high)) > 1e6
        a, b = jnp.sin(low), jnp.sin(high)

        def holds(place: float) -> Any:
            turns = [(end - place) / (2 * math.pi) for end in (low, high)]
            return large | (jnp.floor(turns[1] + 1e-9) >= jnp.ceil(turns[0] - 1e-9))

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


def _above_zero(rule: Rule) -> Rule:
    """Only there; at zero or below it there are poles."""

    def limited(operands: list[Any], step: Any) -> Range:
        made, poles = rule(operands, step), ends(operands[0])[0] <= 0
        return Range(jnp.where(poles, -jnp.inf, made.low), jnp.where(poles, jnp.inf, made.high))

    return limited


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


def _root(operands: list[Any], step: Any) -> Range:
    """Of what may lie below zero it may be no number, which counts as −∞: nothing then is certainly finite."""
    low, high = ends(operands[0])
    return Range(jnp.where(low < 0, -jnp.inf, jnp.sqrt(low)), jnp.sqrt(jnp.maximum(high, 0.0)))


def _clamped(operands: list[Any], step: Any) -> Range:
    return both(lambda least, x, most: jnp.clip(x, least, most), operands)


def _zero_if_unclear(value: Any) -> Any:
    return jnp.where(jnp.isnan(value), 0.0, value)


def _least(values: list[Any]) -> Any:
    return jnp.min(jnp.stack(values), axis=0)


def _most(values: list[Any]) -> Any:
    return jnp.max(jnp.stack(values), axis=0)


_WHOLE = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)

# Functions of JAX and taut with a derivative of their own, by their names: closer than the steps that they are made of.
OWN_DERIVATIVE: dict[str, Callable[[list[Any]], Range]] = {
    "bernoulli_log_prob": _zeros_and_ones,
    "logaddexp": lambda operands: both(jnp.logaddexp, operands),
    "relu": lambda operands: both(jax.nn.relu, operands),
}

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
    "select_n": chosen,
    "exp": _exponential,
    "exp2": _rising(jnp.exp2),
    "expm1": _rising(jnp.expm1),
    "log": _within(0.0, math.inf, jnp.log),
    "log1p": _within(-1.0, math.inf, jnp.log1p),
    "sqrt": _root,
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
    "lgamma": _above_zero(_falls_then_rises(gammaln, 1.4616321449683623)),
    "digamma": _above_zero(_rising(digamma)),
    "lt": compared(lambda a, b, c, d: b < c, lambda a, b, c, d: a < d, same=False),
    "le": compared(lambda a, b, c, d: b <= c, lambda a, b, c, d: a <= d, same=True),
    "gt": compared(lambda a, b, c, d: a > d, lambda a, b, c, d: b > c, same=False),
    "ge": compared(lambda a, b, c, d: a >= d, lambda a, b, c, d: b >= c, same=True),
    "eq": equal,
    "ne": different,
    "and": of_truths(_rising(jnp.logical_and)),
    "or": of_truths(_rising(jnp.logical_or)),
    "not": of_truths(_falling(jnp.logical_not)),
    "is_finite": finite,
}
