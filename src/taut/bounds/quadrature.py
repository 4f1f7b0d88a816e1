"""Integrals over one to three latents: proven where log p(x, z) can be bounded on boxes, else on a uniform grid."""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int

from taut.bounds.partition import Integral, integral
from taut.bounds.ranges import UnknownPrimitiveError
from taut.errors import AuditError, OptionError
from taut.models import AbstractModel
from taut.record import Estimate
from taut.shapes import DatumLike, Scalar

# A sharp likelihood can pull the posterior far into the prior's tail, so the first grid reaches well beyond its mass.
REACH = 16.0
# What lies this many nats below the peak adds less than float32 can see, even over a whole grid of nodes.
DEPTH = 30.0
# The search for the box zooms and stretches; a peak as narrow as float32 can place it takes no more rounds than this.
ROUNDS = 16
BATCH = 1024


class Nodes(NamedTuple):
    """Nodes a side: of the grids that find the box, and the fewest and most of those that integrate over it."""

    search: int
    fewest: int
    most: int


# By number of latents. With three, each grid of the search decodes about a million points and the finest one
# seventeen: about one second, and fifteen, on one core for a decoder with two hidden layers of 200.
NODES = {1: Nodes(512, 64, 65_536), 2: Nodes(512, 64, 2_048), 3: Nodes(96, 32, 256)}

LogDensity = Callable[[Float[Array, "latents"]], Scalar]
Box = Float[Array, "latents 2"]


def quadrature(model: AbstractModel, x: DatumLike, *, tolerance: float = 1e-5) -> Estimate:
    """log p(x) = log ∫ p(x, z) dz for one to three latents, over all z.

    It is `exact` where that is proven: interval arithmetic bounds log p(x, z) on boxes that together hold every z, so
    that no peak can hide between nodes, and two Gauss–Legendre rules over these boxes agree within `tolerance`.

    Where some step of the model has no known range, or boxes run out, it is an `estimate` from a uniform grid. That
    one starts on [−16, 16]^d and narrows to the box that holds all nodes within 30 nats of the peak; then nodes
    are doubled in each direction until the value moves by less than `tolerance` nats. Of several peaks it can miss one:
    its spacing h is a sixteenth, or a third with three latents, and a peak is lost where the node nearest to it lies 30
    nats below another one, which for peaks of equal height takes a standard deviation below h √(d/240).

    Raises OptionError for more than three latents, AuditError where nothing is proven and the grid fails too.

    >>> import jax.numpy as jnp
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> estimate = quadrature(model, jnp.zeros(2))
    >>> round(estimate.value, 4), estimate.status
    (-2.3872, 'exact')
    """
    latents = latents_within_reach(model)
    found = proven_integral(model, x, tolerance=tolerance)
    if found is not None and found.proven:
        return Estimate(
            value=found.log_value,
            std_error=0.0,
            status="exact",
            condition=f"integrated over {found.boxes} boxes that leave no peak out, by two rules that agree within "
            f"{tolerance:g} nats",
        )
    box = posterior_box(model, x)
    value, nodes = doubled(lambda nodes: float(_log_evidence_on_box(model, x, box, nodes)), latents, tolerance)
    return Estimate(
        value=value,
        std_error=0.0,
        condition=f"a grid of {nodes} nodes a side, which moved by less than {tolerance:g} on doubling; that it missed "
        "no peak is not proven",
    )


def proven_integral(model: AbstractModel, x: DatumLike, *, tolerance: float) -> Integral | None:
    """The integral over boxes, proven or from below alone; None where log p(x, z) cannot be bounded on a box."""
    try:
        return integral(model, x, latents_within_reach(model), tolerance=tolerance)
    except UnknownPrimitiveError:
        return None


def latents_within_reach(model: AbstractModel) -> int:
    """The number of latents, if a grid can serve them."""
    latents = int(np.prod(model.prior().event_shape))
    if latents not in NODES:
        raise OptionError(
            f"Quadrature wants one to three latents; this model has {latents}; use importance weights or a sampler."
        )
    return latents


def doubled(value: Callable[[int], float], latents: int, tolerance: float, *, first: int = 0) -> tuple[float, int]:
    """A value at twice the nodes again and again, until it stands still; with the nodes that it took.

    It starts at `first` nodes, if these are more than the fewest for this many latents. They must be enough to see
    every peak: what all grids miss stands still too.

    Raises AuditError where it does not.
    """
    nodes, last = max(first, NODES[latents].fewest), math.nan
    while nodes <= NODES[latents].most:
        current = value(nodes)
        if abs(current - last) < tolerance:
            return current, nodes
        nodes, last = 2 * nodes, current
    raise AuditError(
        f"Quadrature wants an integral that settles within {tolerance:g} nats; at {NODES[latents].most} nodes a "
        "side it still moved; the likelihood is too sharp for the grid, so use importance weights."
    )


def posterior_box(model: AbstractModel, x: DatumLike) -> Box:
    """The smallest box, found by zooming, outside of which p(x, z) lies 30 nats below its peak.

    Raises AuditError where no grid has a finite value, or the box does not stay within 16 of zero or does not settle.
    """
    latents = latents_within_reach(model)
    found = _Found(np.tile([-REACH, REACH], (latents, 1)), settled=False, cut=False)
    for _ in range(ROUNDS):
        found = _found(model, x, found.box, NODES[latents].search)
        if found.settled:
            break
    if np.any(np.abs(found.box) >= REACH):
        raise AuditError(
            f"Quadrature wants a posterior within {REACH:g} of zero in each latent; this one reaches further; "
            "use a prior near N(0, I), or importance weights."
        )
    if found.cut:
        raise AuditError(
            "Quadrature wants a posterior that a grid along the axes can see; this one is a ridge too thin for it; "
            "use importance weights."
        )
    return jnp.asarray(found.box, jnp.result_type(float))


class _Found(NamedTuple):
    """A box about what a grid over another box saw, whether that one was already tight, and whether it cut mass off."""

    box: Float[np.ndarray, "latents 2"]
    settled: bool
    cut: bool


def _found(model: AbstractModel, x: DatumLike, box: Float[np.ndarray, "latents 2"], nodes: int) -> _Found:
    values = np.asarray(_log_joint_on_box(model, x, jnp.asarray(box, jnp.result_type(float)), nodes))
    # Far out a rate can overflow, where log p is ∞ − ∞; a node that is no number counts as one without mass.
    values = np.where(np.isnan(values), -np.inf, values)
    if not np.isfinite(values.max()):
        raise AuditError("Quadrature wants a finite peak of p(x, z); none was found; use importance weights.")
    inside = np.nonzero(values > values.max() - DEPTH)
    ends = np.array([[axis.min(), axis.max()] for axis in inside])
    width = box[:, 1] - box[:, 0]
    outward = np.array([[-1.0, 1.0]])
    fitted = box[:, :1] + (width / (nodes - 1))[:, None] * (ends + 2 * outward)
    # A coarse grid may meet a tilted ridge far from its top, and zoom in on a part of it: then the box grows again.
    cut = (ends == [[0, nodes - 1]]) & (np.abs(box) < REACH)
    fitted = fitted + np.where(cut, 0.5, 0.0) * width[:, None] * outward
    settled = not cut.any() and bool(np.all(fitted[:, 1] - fitted[:, 0] > 0.5 * width))
    return _Found(np.clip(fitted, -REACH, REACH), settled, bool(cut.any()))


def on_grid(function: LogDensity, box: Box, nodes: int) -> Float[Array, "*nodes"]:
    """Values at the nodes of a box, a batch at a time: three latents need little more memory than one."""
    lines = jnp.stack([jnp.linspace(side[0], side[1], nodes) for side in box])
    shape = (nodes,) * len(lines)

    def at(number: Int[Array, ""]) -> Scalar:
        places = jnp.unravel_index(number, shape)
        return function(jnp.stack([line[place] for line, place in zip(lines, places, strict=True)]))

    return jax.lax.map(at, jnp.arange(nodes ** len(lines)), batch_size=BATCH).reshape(shape)


def log_cell(box: Box, nodes: int) -> Scalar:
    """Log volume of a cell of the grid."""
    return jnp.sum(jnp.log((box[:, 1] - box[:, 0]) / (nodes - 1)))


@eqx.filter_jit
def _log_joint_on_box(model: AbstractModel, x: DatumLike, box: Box, nodes: int) -> Float[Array, "*nodes"]:
    return on_grid(lambda z: model.log_joint(x, z), box, nodes)


@eqx.filter_jit
def _log_evidence_on_box(model: AbstractModel, x: DatumLike, box: Box, nodes: int) -> Scalar:
    values = on_grid(lambda z: model.log_joint(x, z), box, nodes)
    return logsumexp(jnp.where(jnp.isnan(values), -jnp.inf, values)) + log_cell(box, nodes)
