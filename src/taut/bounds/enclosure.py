"""Interval arithmetic on a traced function: between which values it stays on a whole box of latents.

`enclosed` walks through the primitives of the function as JAX has traced it and gives each one the range of its result,
given the ranges of its operands. Ranges are too wide where an operand comes twice, never too narrow, but for rounding;
as a box shrinks they close in on the value. So a peak cannot hide between points at which a function was evaluated.
References: Moore, Kearfott & Cloud 2009, Introduction to Interval Analysis, ch. 5.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from jaxtyping import Array, Float

from taut.bounds.ranges import JUMPING, STRUCTURAL, Range, UnknownPrimitiveError, ends, opened, structural
from taut.bounds.rules import OWN_DERIVATIVE, RULES
from taut.shapes import Scalar

HOMES = (Path(jax.__file__).parent, Path(__file__).parents[1])


@dataclasses.dataclass(frozen=True)
class _Inner:
    """A function within the function, under the name that it was traced with."""

    jaxpr: Jaxpr
    consts: list[Any]
    name: str


def enclosed(
    function: Callable[[Float[Array, "latents"]], Float[Array, "*values"]],
    low: Float[Array, "latents"],
    high: Float[Array, "latents"],
) -> tuple[Float[Array, "*values"], Float[Array, "*values"]]:
    """Bounds of each value of a function on the box low ≤ z ≤ high; what is no number counts as unbounded.

    Raises UnknownPrimitiveError where a step of the function has no known range.

    >>> import jax.numpy as jnp
    >>> low, high = enclosed(lambda z: jnp.sum(z**2) + 1.0, jnp.array([-1.0]), jnp.array([2.0]))
    >>> float(low), float(high)
    (1.0, 5.0)
    """
    return _ends_of(function, low, high)[:2]


def enclosed_by_slopes(
    function: Callable[[Float[Array, "latents"]], Scalar],
    low: Float[Array, "latents"],
    high: Float[Array, "latents"],
) -> tuple[Scalar, Scalar, Float[Array, "latents"]]:
    """As `enclosed`, but closer on small boxes, and how much the function may vary along each axis.

        f(z) ∈ f(c) + Σ_i [∂_i f](box) (z_i − c_i)    with c the middle of the box

    The second holds where f has no jump in the box: where a choice is open, or a step rounds, only the first does.

    Raises UnknownPrimitiveError where a step of the function has no known range.
    """
    middle, half = 0.5 * (low + high), 0.5 * (high - low)

    def slopes(z: Float[Array, "latents"]) -> Float[Array, "latents"]:
        return jax.vmap(lambda along: jax.jvp(function, (z,), (along,))[1])(jnp.eye(z.shape[0], dtype=z.dtype))

    bottom, top, jumps = _ends_of(function, low, high)
    try:
        steepest = jnp.max(jnp.abs(jnp.stack(_ends_of(slopes, low, high)[:2])), axis=0)
    except UnknownPrimitiveError:
        return bottom, top, jnp.full_like(half, jnp.inf)
    along, centre = steepest * half, function(middle)
    least, most = centre - jnp.sum(along), centre + jnp.sum(along)
    sound = jnp.isfinite(least) & jnp.isfinite(most) & ~jumps
    # Both hold, and so does what they have in common.
    return jnp.where(sound, jnp.maximum(bottom, least), bottom), jnp.where(sound, jnp.minimum(top, most), top), along


def _ends_of(function: Callable[..., Array], low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Bounds of each value, and whether the function may jump within the box."""
    traced, jumps = jax.make_jaxpr(function)(low), [jnp.zeros((), bool)]
    (found,) = _walked(traced.jaxpr, traced.consts, [Range(low, high)], jumps)
    bottom, top = ends(found)
    unclear = jnp.isnan(bottom) | jnp.isnan(top)
    return jnp.where(unclear, -jnp.inf, bottom), jnp.where(unclear, jnp.inf, top), jnp.any(jnp.stack(jumps))


def _walked(jaxpr: Jaxpr, consts: Any, arguments: list[Any], jumps: list[Any]) -> list[Any]:
    known: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *arguments], strict=True))
    for step in jaxpr.eqns:
        operands = [one.val if isinstance(one, Literal) else known[one] for one in step.invars]
        if step.primitive.name in JUMPING and any(isinstance(operand, Range) for operand in operands):
            jumps.extend(jnp.any(one) for one in JUMPING[step.primitive.name](operands, step))
        results = _result(step, operands, jumps)
        known.update(zip(step.outvars, results, strict=True))
    return [one.val if isinstance(one, Literal) else known[one] for one in jaxpr.outvars]


def _result(step: Any, operands: list[Any], jumps: list[Any]) -> list[Any]:
    """The results of one step: as it is where no operand is a range, else by its rule."""
    name, inner = step.primitive.name, _inner(step)
    if not any(isinstance(operand, Range) for operand in operands):
        if inner is not None:
            return _walked(inner.jaxpr, inner.consts, operands, jumps)
        # Numbers of the program stay numbers: a rule may ask whether an exponent is two.
        with jax.ensure_compile_time_eval():
            found = step.primitive.bind(*operands, **step.params)
        return list(found) if step.primitive.multiple_results else [found]
    if inner is not None:
        if name == "custom_jvp_call" and inner.name in OWN_DERIVATIVE:
            return [opened(OWN_DERIVATIVE[inner.name](operands))]
        return _walked(inner.jaxpr, inner.consts, operands, jumps)
    if name in RULES:
        return [opened(RULES[name](operands, step))]
    if name in STRUCTURAL:
        return [opened(one) for one in structural(step, operands)]
    raise UnknownPrimitiveError(name)


def _inner(step: Any) -> _Inner | None:
    for name in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        found = step.params.get(name)
        if step.primitive.name in ("scan", "while", "cond", "reduce", "reduce_window"):
            return None
        if isinstance(found, ClosedJaxpr):
            return _Inner(found.jaxpr, list(found.consts), _name_of(found.jaxpr))
        if isinstance(found, Jaxpr):
            return _Inner(found, [], _name_of(found))
    return None


def _name_of(jaxpr: Jaxpr) -> str:
    """Of the function that was traced, if it is one of JAX or taut: others may have its name, too."""
    about = jaxpr.debug_info
    own = any(Path(about.func_filename or "").is_relative_to(home) for home in HOMES)
    return about.func_name if own else ""
