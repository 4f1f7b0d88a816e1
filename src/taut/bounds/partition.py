"""An integral over all of one, two or three latents: boxes in which the integrand is known to vary little, then nodes.

Interval arithmetic bounds log p(x, z) on a whole box. The boxes that may hold most mass are halved first, until in each
box log p(x, z) varies by less than a nat, and all others together hold next to nothing. So no peak is missed, however
narrow and wherever it lies. Over each box two Gauss–Legendre rules then integrate, and where they differ it is halved
again. References: Piessens et al. 1983, QUADPACK (adaptive rules); Hansen & Walster 2003 (branch and bound).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from taut.bounds.enclosure import enclosed_by_slopes
from taut.models import AbstractModel
from taut.shapes import DatumLike, Scalar

# z = sinh t: halving t finds its way from 1e30 to 1e-12 in a hundred steps, and tails of any weight have an end.
REACH = 70.0


class Limits(NamedTuple):
    """What one, two or three latents get.

    Nats by which log p(x, z) may vary within a box; boxes that are bounded or integrated at once; boxes at most;
    nodes a side of the two rules.
    """

    variation: float
    at_once: int
    most: int
    nodes: tuple[int, int]


# Two rules of integration cannot both be wrong about an integrand that varies so little.
LIMITS = {
    1: Limits(1.0, 128, 10_000, (6, 8)),
    2: Limits(1.5, 1024, 100_000, (4, 5)),
    3: Limits(2.5, 4096, 300_000, (3, 4)),
}


@dataclasses.dataclass(frozen=True)
class Integral:
    """log ∫, whether no mass can be missing from it, how far two rules are apart, in nats, and the boxes that it took.

    Where it is not proven, `log_value` is no more than a lower bound.
    """

    log_value: float
    proven: bool
    error: float
    boxes: int


class _Boxes(NamedTuple):
    """Boxes in t, bounds of log p(x, z) on each, the axis along which it varies most, and the two rules' log ∫."""

    low: Float[np.ndarray, "n latents"]
    high: Float[np.ndarray, "n latents"]
    least: Float[np.ndarray, "n"]
    most: Float[np.ndarray, "n"]
    axis: Int[np.ndarray, "n"]

    @property
    def log_volume(self) -> Float[np.ndarray, "n"]:
        """Of each box, in z."""
        return np.sum(np.log(np.sinh(self.high) - np.sinh(self.low)), axis=1)

    def taken(self, which: np.ndarray) -> _Boxes:
        """Some of them."""
        return _Boxes(*(part[which] for part in self))


def integral(model: AbstractModel, x: DatumLike, latents: int, *, tolerance: float) -> Integral:
    """log ∫ p(x, z) dz over all z; from below alone where there are not boxes enough.

    Raises UnknownPrimitiveError where log p(x, z) cannot be bounded on a box.
    """
    with jax.enable_x64(True):
        model, x = jax.tree.map(_doubled, (model, x))
        boxes, settled = _partition(model, x, latents, tolerance)
        if settled:
            return _integrated(model, x, boxes, tolerance)
        # What could be resolved is part of the integral, and so a lower bound; so are the least values of all boxes.
        found = _integrated(model, x, boxes.taken(boxes.most <= boxes.least + LIMITS[latents].variation), tolerance)
        value = max(found.log_value, _log_total(boxes.least + boxes.log_volume))
        return Integral(value, False, math.inf, len(boxes.axis))


def _doubled(leaf: object) -> object:
    return jnp.asarray(leaf, jnp.float64) if eqx.is_inexact_array(leaf) else leaf


def _log_total(logs: Float[np.ndarray, "n"]) -> float:
    """log Σ exp."""
    return float(np.logaddexp.reduce(logs))


def _partition(model: AbstractModel, x: DatumLike, latents: int, tolerance: float) -> tuple[_Boxes, bool]:
    """Boxes with little variation, but for some that together hold next to nothing; and whether it came to that."""
    limits, whole = LIMITS[latents], np.full((1, latents), REACH)
    boxes = _bounded(model, x, -whole, whole, limits.at_once)
    while True:
        reach, varies = boxes.most + boxes.log_volume, boxes.most > boxes.least + limits.variation
        left = np.nonzero(varies)[0]
        if not len(left) or _log_total(reach[left]) < _log_total(boxes.least + boxes.log_volume) + math.log(
            tolerance / 4
        ):
            return boxes, bool(np.isfinite(boxes.most.max()))
        if len(varies) >= limits.most:
            return boxes, False
        worst = left[np.argsort(-reach[left], kind="stable")[: limits.at_once // 2]]
        boxes = _halved(model, x, boxes, worst, limits.at_once)


def _halved(model: AbstractModel, x: DatumLike, boxes: _Boxes, which: Int[np.ndarray, "k"], at_once: int) -> _Boxes:
    """All boxes, these of them in two."""
    low, high, rows = boxes.low[which], boxes.high[which], np.arange(len(which))
    axis = boxes.axis[which]
    middle = 0.5 * (low[rows, axis] + high[rows, axis])
    below, above = high.copy(), low.copy()
    below[rows, axis] = above[rows, axis] = middle
    halves = _bounded(model, x, np.concatenate([low, above]), np.concatenate([below, high]), at_once)
    kept = np.ones(len(boxes.axis), bool)
    kept[which] = False
    return _Boxes(*(np.concatenate(pair) for pair in zip(boxes.taken(kept), halves, strict=True)))


def _bounded(model: AbstractModel, x: DatumLike, low: np.ndarray, high: np.ndarray, at_once: int) -> _Boxes:
    least, most, along = _in_chunks(partial(_bounds, model, x), low, high, at_once)
    # Where slopes have no bound the longest side goes first.
    along = np.where(np.all(np.isfinite(along), axis=1, keepdims=True), along, high - low)
    return _Boxes(low, high, least, most, np.argmax(along, axis=1))


@eqx.filter_jit
def _bounds(
    model: AbstractModel, x: DatumLike, low: Float[Array, "n latents"], high: Float[Array, "n latents"]
) -> tuple[Float[Array, "n"], Float[Array, "n"], Float[Array, "n latents"]]:
    """Bounds on each box, and how much log p(x, z) may vary along each axis."""
    return jax.vmap(lambda low, high: enclosed_by_slopes(lambda z: model.log_joint(x, z), low, high))(low, high)


def _integrated(model: AbstractModel, x: DatumLike, boxes: _Boxes, tolerance: float) -> Integral:
    latents = boxes.low.shape[1]
    limits, rules = LIMITS[latents], np.zeros((0, 2))
    if not (boxes.most > -math.inf).any():
        return Integral(-math.inf, False, math.inf, 0)
    # What may hold mass that can be seen; the rest was bounded.
    reach = boxes.most + boxes.log_volume
    boxes = boxes.taken(reach > np.max(boxes.least + boxes.log_volume) - 40.0)
    while True:
        fresh = boxes.taken(np.arange(len(rules), len(boxes.axis)))
        rules = np.concatenate([rules, _by_rules(model, x, fresh)])
        value = _log_total(rules[:, 1])
        if value == -math.inf:  # nothing is found, and nothing proven
            return Integral(value, False, math.inf, len(boxes.axis))
        shares = np.exp(np.minimum(rules - value, 700.0))
        apart = np.abs(shares[:, 0] - shares[:, 1])
        error = float(np.sum(apart))
        if not error > tolerance or len(boxes.axis) >= limits.most:
            return Integral(value, error <= tolerance, error, len(boxes.axis))
        worst = np.argsort(-apart, kind="stable")[: limits.at_once // 2]
        worst = worst[apart[worst] > 0.1 * tolerance / len(apart)]
        rules = np.delete(rules, worst, axis=0)
        boxes = _halved(model, x, boxes, worst, limits.at_once)


def _by_rules(model: AbstractModel, x: DatumLike, boxes: _Boxes) -> Float[np.ndarray, "n 2"]:
    return _in_chunks(partial(_gauss_legendre, model, x), boxes.low, boxes.high, LIMITS[boxes.low.shape[1]].at_once)


def _in_chunks(function: Callable[..., Any], low: np.ndarray, high: np.ndarray, at_once: int) -> Any:
    """The results of a compiled function of many boxes; the last chunk is padded, so that it is the same program."""
    parts = []
    for start in range(0, len(low), at_once):
        some = [np.resize(side[start : start + at_once], (at_once, side.shape[1])) for side in (low, high)]
        found = function(*(jnp.asarray(np.sinh(side)) for side in some))
        rest = len(low) - start
        parts.append(jax.tree.map(lambda part, rest=rest: np.asarray(part)[:rest], found))
    return jax.tree.map(lambda *each: np.concatenate(each), *parts)


@eqx.filter_jit
def _gauss_legendre(
    model: AbstractModel, x: DatumLike, low: Float[Array, "n latents"], high: Float[Array, "n latents"]
) -> Float[Array, "n 2"]:
    """log ∫ over each box by both rules."""

    def by(low: Array, high: Array, nodes: int) -> Scalar:
        points, log_weights = _nodes(nodes, low.shape[0])
        values = jax.vmap(lambda u: model.log_joint(x, low + (high - low) * u))(jnp.asarray(points))
        values = jnp.where(jnp.isnan(values), -jnp.inf, values)
        return jax.nn.logsumexp(values + jnp.asarray(log_weights)) + jnp.sum(jnp.log(high - low))

    rules = LIMITS[low.shape[1]].nodes
    return jax.lax.map(
        lambda ends: jnp.stack([by(ends[0], ends[1], nodes) for nodes in rules]), (low, high), batch_size=64
    )


def _nodes(count: int, latents: int) -> tuple[Float[np.ndarray, "nodes latents"], Float[np.ndarray, "nodes"]]:
    """Nodes in the unit cube, and the logarithms of their weights."""
    places, weights = np.polynomial.legendre.leggauss(count)
    grid = np.stack(np.meshgrid(*[0.5 * (places + 1.0)] * latents, indexing="ij"), axis=-1).reshape(-1, latents)
    shares = np.stack(np.meshgrid(*[np.log(0.5 * weights)] * latents, indexing="ij"), axis=-1)
    return grid, shares.reshape(-1, latents).sum(axis=1)
