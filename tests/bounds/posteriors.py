"""Normalised densities over one to three latents, drawn at random: narrow, far, heavy-tailed, of several peaks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float

from taut.models import LogJoint

PEAKS = 3
KINDS = ("narrow", "far", "heavy", "mixed")


class Mixture(eqx.Module):
    """log of a mixture of independent Gaussians, or Student-t's where a peak's freedom is finite: log p(x) is zero.

    Its numbers are arrays, so that all mixtures over as many latents are one compiled program.
    """

    means: Float[Array, "peaks latents"]
    scales: Float[Array, "peaks latents"]
    log_shares: Float[Array, "peaks"]
    freedom: Float[Array, "peaks"]

    def __call__(self, x, z):
        u = (z[None, :] - self.means) / self.scales
        nu = jnp.where(jnp.isfinite(self.freedom), self.freedom, 1.0)[:, None]
        constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * jnp.log(nu * jnp.pi)
        student = constant - (nu + 1) / 2 * jnp.log1p(u**2 / nu)
        gaussian = -0.5 * u**2 - 0.5 * jnp.log(2 * jnp.pi)
        entries = jnp.where(jnp.isfinite(self.freedom)[:, None], student, gaussian) - jnp.log(self.scales)
        return jax.nn.logsumexp(self.log_shares + jnp.sum(entries, axis=1)) + 0.0 * jnp.sum(x)


def mixture(means, scales, shares, freedom=(np.inf,) * PEAKS):
    """The model of a mixture; peaks that are left out get no share."""
    means, scales = np.atleast_2d(means), np.atleast_2d(scales)
    more = PEAKS - len(means)
    pad = lambda array, value: np.pad(array, ((0, more), (0, 0)), constant_values=value)  # noqa: E731
    with np.errstate(divide="ignore"):
        logs = np.log(np.pad(np.asarray(shares, float), (0, more)))
    floats = (pad(means, 0.0), pad(scales, 1.0), np.maximum(logs, -1e30), np.asarray(freedom, float))
    return LogJoint(Mixture(*(jnp.asarray(part, float) for part in floats)), latents=means.shape[1])


def drawn(kind, latents, rng):
    """A broad peak about zero, and others of this kind."""
    means = np.zeros((PEAKS, latents))
    means[1:] = rng.uniform(-20.0, 20.0, size=(PEAKS - 1, latents))
    scales = rng.uniform(0.5, 2.0, size=(PEAKS, latents))
    freedom = np.full(PEAKS, np.inf)
    if kind in ("narrow", "mixed"):
        scales[1:] = 10.0 ** rng.uniform(-4.0, np.log10(0.05), size=(PEAKS - 1, 1))
    if kind == "far":
        means *= rng.uniform(1.0, 5.0)
    if kind in ("heavy", "mixed"):
        freedom[0] = rng.choice([1.0, 2.0, 5.0])
    shares = rng.dirichlet(np.full(PEAKS, 2.0))
    return mixture(means, scales, shares, freedom)
