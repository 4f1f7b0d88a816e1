"""All three terms of the identity exactly: in closed form, by summation, or by quadrature.

log p(x), the ELBO and KL(q(z|x) ‖ p(z|x)) are computed apart, so that their sum is a check and not a definition.
"""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.linalg import cho_solve
from jaxtyping import Array, Float

from taut.bounds.quadrature import (
    Box,
    doubled,
    latents_within_reach,
    log_cell,
    on_grid,
    posterior_box,
    quadrature,
)
from taut.guides import AbstractGuide
from taut.models import AbstractModel, Finite, LinearGaussian
from taut.numerics import gaussian_kl, log_density, mean_and_cholesky
from taut.record import Estimate
from taut.shapes import DatumLike, Scalar
from taut.weights import weigh


class ExactTerms(NamedTuple):
    """log p(x), ELBO and KL(q(z|x) ‖ p(z|x)) of one datum, in nats."""

    log_evidence: float
    elbo: float
    kl: float


def log_evidence(model: AbstractModel, x: DatumLike, *, tolerance: float = 1e-5) -> Estimate:
    """log p(x) in closed form or by summation where the model has it, else by quadrature, whose status says if exact.

    Raises OptionError where the model has more than three latents and no closed form.
    """
    if isinstance(model, (LinearGaussian, Finite)):
        return Estimate(value=float(model.log_evidence(x)), std_error=0.0, status="exact", condition="closed form")
    return quadrature(model, x, tolerance=tolerance)


def exact_terms(model: AbstractModel, guide: AbstractGuide, x: DatumLike, *, tolerance: float = 1e-5) -> ExactTerms:
    """The three terms of log p(x) = ELBO + KL(q(z|x) ‖ p(z|x)) for one datum, each computed on its own.

    Raises OptionError where nothing exact is known, NotImplementedError where q is not Gaussian and z is real.

    >>> import jax.numpy as jnp
    >>> from taut.guides import Constant
    >>> from taut.models import LinearGaussian
    >>> model = LinearGaussian(weight=jnp.ones((2, 1)), offset=jnp.zeros(2), noise=jnp.ones(2))
    >>> terms = exact_terms(model, Constant(model.prior()), jnp.ones(2))
    >>> round(terms.log_evidence, 4), round(terms.elbo + terms.kl, 4)
    (-2.7205, -2.7205)
    """
    q = guide(x)
    evidence = log_evidence(model, x, tolerance=tolerance).value
    if isinstance(model, LinearGaussian):
        return ExactTerms(evidence, float(_linear_elbo(model, q, x)), float(gaussian_kl(q, model.posterior(x))))
    if isinstance(model, Finite):
        return ExactTerms(evidence, *(float(term) for term in _finite_terms(model, q, x)))
    latents = latents_within_reach(model)
    around = jnp.tile(jnp.asarray([-8.0, 8.0]), (latents, 1))
    value, _ = doubled(lambda nodes: float(_grid_elbo(model, q, x, around, nodes)), latents, tolerance)
    narrow = posterior_box(model, x)
    box, first = _union(narrow, q), _nodes_to_see_both(narrow, q)
    kl, _ = doubled(lambda nodes: float(_grid_kl(model, q, x, evidence, box, nodes)), latents, tolerance, first=first)
    return ExactTerms(evidence, value, kl)


def _linear_elbo(model: LinearGaussian, q: dist.Distribution, x: DatumLike) -> Scalar:
    """E_q log p(x|z) at the mean, less half the noise-scaled variance that Wz has under q, less the rate."""
    mean, root = mean_and_cholesky(q)
    spread = jnp.sum(((model.weight @ root) / model.noise[:, None]) ** 2)
    return model.log_likelihood(x, mean) - 0.5 * spread - gaussian_kl(q, model.prior())


def _finite_terms(model: Finite, q: dist.Distribution, x: DatumLike) -> tuple[Scalar, Scalar]:
    states, posterior = jnp.arange(model.logits.shape[0]), model.posterior(x)
    log_q = jax.vmap(lambda z: log_density(q, z))(states)
    log_posterior = jax.vmap(lambda z: log_density(posterior, z))(states)
    # States that q excludes contribute nothing: 0 · log 0 = 0.
    share = jnp.exp(log_q)
    held = jnp.where(share > 0, log_q, 0.0)
    return jnp.sum(share * (model.log_joints(x) - held)), jnp.sum(share * (held - log_posterior))


@eqx.filter_jit
def _grid_elbo(model: AbstractModel, q: dist.Distribution, x: DatumLike, box: Box, nodes: int) -> Scalar:
    """E_q log w in q's own whitened coordinates, where the grid fits however narrow q is."""
    mean, root = mean_and_cholesky(q)

    def weighted(u: Float[Array, "latents"]) -> Scalar:
        log_density = -0.5 * jnp.sum(u**2 + jnp.log(2 * jnp.pi))
        return jnp.exp(log_density) * weigh(model, q, x, mean + root @ u).log_weight

    return jnp.sum(on_grid(weighted, box, nodes)) * jnp.exp(log_cell(box, nodes))


@eqx.filter_jit
def _grid_kl(model: AbstractModel, q: dist.Distribution, x: DatumLike, evidence: float, box: Box, nodes: int) -> Scalar:
    """∫ [q log(q/p) − q + p] with p = p(z|x), on a grid that holds both: no term of it is negative."""

    def excess(z: Float[Array, "latents"]) -> Scalar:
        log_q, log_p = log_density(q, z), model.log_joint(x, z) - evidence
        return jnp.exp(log_q) * (log_q - log_p - 1.0) + jnp.exp(log_p)

    return jnp.sum(on_grid(excess, box, nodes)) * jnp.exp(log_cell(box, nodes))


def _union(box: Box, q: dist.Distribution) -> Box:
    """The box, widened to hold eight standard deviations of q as well."""
    mean, root = mean_and_cholesky(q)
    reach = 8.0 * jnp.sqrt(jnp.sum(root**2, axis=1))
    return jnp.stack([jnp.minimum(box[:, 0], mean - reach), jnp.maximum(box[:, 1], mean + reach)], axis=1)


def _nodes_to_see_both(box: Box, q: dist.Distribution) -> int:
    """The power of two of nodes whose spacing, over the union, no peak of q or of the posterior can slip through."""
    _, root = mean_and_cholesky(q)
    own = 1.0 / jnp.sqrt(jnp.diagonal(cho_solve((root, True), jnp.eye(root.shape[0], dtype=root.dtype))))
    # A Gaussian peak falls by 30 nats within about eight of its standard deviations on each side.
    peak = jnp.minimum((box[:, 1] - box[:, 0]) / 16.0, own)
    union = _union(box, q)
    needed = float(jnp.max((union[:, 1] - union[:, 0]) / (2.0 * peak)))
    return 2 ** math.ceil(math.log2(needed))
