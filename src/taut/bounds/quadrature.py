"""Integrals over one or two latents on a uniform grid, doubled until they stand still."""

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

# Beyond 8 standard deviations of the prior lies 2·10⁻¹⁵ of its mass for each latent.
REACH = 8.0
MOST_NODES = {1: 65_536, 2: 4_096}


def quadrature(model: AbstractModel, x: Datum, *, tolerance: float = 1e-5) -> Estimate:
    """log p(x) = log ∫ p(z) p(x|z) dz on a uniform grid over [−8, 8]^d, for a prior N(0, I) and d ≤ 2.

    The nodes are doubled in each direction until the value moves by less than `tolerance` nats; for a smooth
    integrand that vanishes at the ends the trapezoidal rule converges faster than any power of the spacing.

    Raises OptionError for more than two latents, AuditError where doubling does not settle.

    >>> import jax.numpy as jnp
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> round(quadrature(model, jnp.zeros(2)).value, 4)
    -2.3872
    """
    latents = latents_within_reach(model)

    def value(nodes: int) -> float:
        return float(_log_evidence_on_grid(model, x, nodes, latents))

    value_, nodes = doubled(value, latents, tolerance)
    return Estimate(
        value=value_,
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


def doubled(value: Callable[[int], float], latents: int, tolerance: float) -> tuple[float, int]:
    """A value at twice the nodes again and again, until it stands still; with the nodes that it took.

    Raises AuditError where it does not.
    """
    nodes, last = 128, value(64)
    while nodes <= MOST_NODES[latents]:
        current = value(nodes)
        if abs(current - last) < tolerance:
            return current, nodes
        nodes, last = 2 * nodes, current
    raise AuditError(
        f"Quadrature wants an integral that settles within {tolerance:g} nats; at {nodes // 2} nodes a side it still "
        "moved; the likelihood is too sharp for the grid, so use importance weights."
    )


def log_integral(log_density: Callable[[Float[Array, "latents"]], Scalar], nodes: int, latents: int) -> Scalar:
    """log ∫ exp log_density(z) dz over [−8, 8]^d, a line of nodes at a time: two latents need no more memory than one."""
    line = jnp.linspace(-REACH, REACH, nodes)
    log_spacing = jnp.log(2.0 * REACH / (nodes - 1))
    if latents == 1:
        return logsumexp(_along(lambda z: log_density(z[None]), line)) + log_spacing

    def row(first: Float[Array, ""]) -> Scalar:
        return logsumexp(_along(lambda second: log_density(jnp.stack([first, second])), line))

    return logsumexp(jax.lax.map(row, line)) + 2 * log_spacing


def integral(density: Callable[[Float[Array, "latents"]], Scalar], nodes: int, latents: int) -> Scalar:
    """∫ density(z) dz over [−8, 8]^d, for an integrand that may have either sign."""
    line = jnp.linspace(-REACH, REACH, nodes)
    spacing = 2.0 * REACH / (nodes - 1)
    if latents == 1:
        return jnp.sum(_along(lambda z: density(z[None]), line)) * spacing

    def row(first: Float[Array, ""]) -> Scalar:
        return jnp.sum(_along(lambda second: density(jnp.stack([first, second])), line))

    return jnp.sum(jax.lax.map(row, line)) * spacing**2


def _along(function: Callable[[Float[Array, ""]], Scalar], line: Float[Array, "nodes"]) -> Float[Array, "nodes"]:
    return jax.lax.map(function, line, batch_size=1024)


@eqx.filter_jit
def _log_evidence_on_grid(model: AbstractModel, x: Datum, nodes: int, latents: int) -> Scalar:
    return log_integral(lambda z: model.log_joint(x, z), nodes, latents)
