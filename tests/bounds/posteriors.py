"""Normalised densities over one to three latents, drawn at random: narrow, far, heavy-tailed, of several peaks.

What a posterior is made of stands in its datum, so that all over as many latents are one compiled program, and may be
the rows of one audit.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

from taut.models import LogJoint

PEAKS = 3
KINDS = ("narrow", "far", "heavy", "mixed")
# Freedom of a peak that is Gaussian, and the log-share of one that is left out.
GAUSSIAN, NOTHING = 1e6, -1e30


def log_joint(x, z):
    """log of a mixture of independent Gaussians or Student-t's, so that log p(x) is zero whatever x is."""
    means, scales, log_shares, freedom = jnp.split(x, np.cumsum([PEAKS * z.size, PEAKS * z.size, PEAKS]))
    u = (z[None, :] - means.reshape(PEAKS, -1)) / scales.reshape(PEAKS, -1)
    nu = freedom[:, None]
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * jnp.log(nu * jnp.pi)
    student = constant - (nu + 1) / 2 * jnp.log1p(u**2 / nu)
    gaussian = -0.5 * u**2 - 0.5 * jnp.log(2 * jnp.pi)
    entries = jnp.where(nu >= GAUSSIAN, gaussian, student) - jnp.log(scales.reshape(PEAKS, -1))
    return jax.nn.logsumexp(jax.nn.log_softmax(log_shares) + jnp.sum(entries, axis=1))


def model(latents):
    """The model whose data are mixtures over so many latents."""
    return LogJoint(log_joint, latents=latents)


def mixture(means, scales, shares, freedom=(GAUSSIAN,) * PEAKS):
    """The datum of a mixture; peaks that are left out get no share."""
    means, scales = np.atleast_2d(means), np.atleast_2d(scales)
    more = PEAKS - len(means)
    means, scales = (
        np.pad(part, ((0, more), (0, 0)), constant_values=filling) for part, filling in ((means, 0.0), (scales, 1.0))
    )
    log_shares = np.concatenate([np.log(shares), np.full(more, NOTHING)])
    return np.concatenate([means.ravel(), scales.ravel(), log_shares, freedom]).astype(np.float32)


def drawn(kind, latents, rng):
    """The datum of a broad peak about zero, and others of this kind."""
    means = np.zeros((PEAKS, latents))
    means[1:] = rng.uniform(-20.0, 20.0, size=(PEAKS - 1, latents))
    scales = rng.uniform(0.5, 2.0, size=(PEAKS, latents))
    freedom = np.full(PEAKS, GAUSSIAN)
    if kind in ("narrow", "mixed"):
        scales[1:] = 10.0 ** rng.uniform(-4.0, np.log10(0.05), size=(PEAKS - 1, 1))
    if kind == "far":
        means *= rng.uniform(1.0, 5.0)
    if kind in ("heavy", "mixed"):
        freedom[0] = rng.choice([1.0, 2.0, 5.0])
    return mixture(means, scales, rng.dirichlet(np.full(PEAKS, 2.0)), freedom)


def plain(latents, rng):
    """The datum of one Gaussian."""
    return mixture([rng.uniform(-3.0, 3.0, size=latents)], [rng.uniform(0.3, 1.0, size=latents)], [1.0])
