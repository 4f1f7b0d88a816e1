"""Integrals over one or two latents on a uniform grid, doubled until they stand still."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from taut.errors import AuditError, OptionError
from taut.models import AbstractModel
from taut.record import Estimate
from taut.shapes import Datum, Scalar

# A sharp likelihood can pull the posterior far into the prior's tail, so the first grid reaches well beyond its mass.
REACH = 16.0
COARSE = 512
# What lies this many nats below the peak adds less than float32 can see, even over a whole grid of nodes.
DEPTH = 30.0
MOST_NODES = {1: 65_536, 2: 2_048}

LogDensity = Callable[[Float[Array, "latents"]], Scalar]
Box = Float[Array, "latents 2"]


def quadrature(model: AbstractModel, x: Datum, *, tolerance: float = 1e-5) -> Estimate:
    """log p(x) = log ∫ p(z) p(x|z) dz on a uniform grid, for a prior N(0, I) and one or two latents.

    The grid starts on [−16, 16]^d and narrows to the box that holds all nodes within 30 nats of the peak; then nodes
    are doubled in each direction until the value moves by less than `tolerance` nats. For a smooth integrand that
    vanishes at the ends the trapezoidal rule converges faster than any power of the spacing. A peak much narrower
    than the first grid's spacing, a sixteenth, could be missed.

    Raises OptionError for more than two latents, AuditError where doubling does not settle or the box does not hold.

    >>> import jax.numpy as jnp
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> round(quadrature(model, jnp.zeros(2)).value, 4)
    -2.3872
    """
    latents = latents_within_reach(model)
    box = posterior_box(model, x)
    value, nodes = doubled(lambda nodes: float(_log_evidence_on_box(model, x, box, nodes)), latents, tolerance)
    return Estimate(
        value=value,
        std_error=0.0,
        status="exact",
        condition=f"quadrature with {nodes} nodes a side, which moved by less than {tolerance:g} on doubling",
    )


def latents_within_reach(model: AbstractModel) -> int:
    """The number of latents, if a grid can serve them."""
    latents = int(np.prod(model.prior().event_shape))
    if latents not in MOST_NODES:
        raise OptionError(
            f"Quadrature wants one or two latents; this model has {latents}; use importance weights or a sampler."
        )
    return latents


def doubled(value: Callable[[int], float], latents: int, tolerance: float, *, first: int = 64) -> tuple[float, int]:
    """A value at twice the nodes again and again, until it stands still; with the nodes that it took.

    It starts at `first` nodes, which must be enough to see every peak: what all grids miss stands still too.

    Raises AuditError where it does not.
    """
    nodes, last = first, math.nan
    while nodes <= MOST_NODES[latents]:
        current = value(nodes)
        if abs(current - last) < tolerance:
            return current, nodes
        nodes, last = 2 * nodes, current
    raise AuditError(
        f"Quadrature wants an integral that settles within {tolerance:g} nats; at {MOST_NODES[latents]} nodes a "
        "side it still "
        "moved; the likelihood is too sharp for the grid, so use importance weights."
    )


def posterior_box(model: AbstractModel, x: Datum) -> Box:
    """The smallest box, found by zooming, outside of which p(x, z) lies 30 nats below its peak."""
    box = np.tile([-REACH, REACH], (latents_within_reach(model), 1))
    for _ in range(8):
        values = np.asarray(_log_joint_on_box(model, x, jnp.asarray(box, jnp.result_type(float)), COARSE))
        # Far out a rate can overflow, where log p is ∞ − ∞; a node that is no number counts as one without mass.
        values = np.where(np.isnan(values), -np.inf, values)
        if not np.isfinite(values.max()):
            raise AuditError("Quadrature wants a finite peak of p(x, z); none was found; use importance weights.")
        inside = np.nonzero(values > values.max() - DEPTH)
        spacing = (box[:, 1] - box[:, 0]) / (COARSE - 1)
        low = box[:, 0] + spacing * (np.array([axis.min() for axis in inside]) - 2)
        high = box[:, 0] + spacing * (np.array([axis.max() for axis in inside]) + 2)
        settled = bool(np.all(high - low > 0.5 * (box[:, 1] - box[:, 0])))
        box = np.stack([np.maximum(low, -REACH), np.minimum(high, REACH)], axis=1)
        if settled:
            break
    if np.any(np.abs(box) >= REACH):
        raise AuditError(
            f"Quadrature wants a posterior within {REACH:g} of zero in each latent; this one reaches further; "
            "use a prior near N(0, I), or importance weights."
        )
    return jnp.asarray(box, jnp.result_type(float))


def on_grid(function: LogDensity, box: Box, nodes: int) -> Float[Array, "*nodes"]:
    """Values at the nodes of a box, a line at a time: two latents need no more memory than one."""
    lines = [jnp.linspace(side[0], side[1], nodes) for side in box]
    if len(lines) == 1:
        return jax.lax.map(lambda z: function(z[None]), lines[0], batch_size=1024)

    def row(first: Float[Array, ""]) -> Float[Array, "nodes"]:
        return jax.lax.map(lambda second: function(jnp.stack([first, second])), lines[1], batch_size=1024)

    return jax.lax.map(row, lines[0])


def log_cell(box: Box, nodes: int) -> Scalar:
    """Log volume of a cell of the grid."""
    return jnp.sum(jnp.log((box[:, 1] - box[:, 0]) / (nodes - 1)))


@eqx.filter_jit
def _log_joint_on_box(model: AbstractModel, x: Datum, box: Box, nodes: int) -> Float[Array, "*nodes"]:
    return on_grid(lambda z: model.log_joint(x, z), box, nodes)


@eqx.filter_jit
def _log_evidence_on_box(model: AbstractModel, x: Datum, box: Box, nodes: int) -> Scalar:
    values = on_grid(lambda z: model.log_joint(x, z), box, nodes)
    return logsumexp(jnp.where(jnp.isnan(values), -jnp.inf, values)) + log_cell(box, nodes)
