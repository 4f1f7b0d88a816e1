"""Ranges under steps that move, copy, add up or sort numbers."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from taut.bounds.ranges import Range, UnknownPrimitiveError, ends

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
