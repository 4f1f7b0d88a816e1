"""Gradient estimators: scalars whose derivative has the right mean, whatever their value is.

With w_k = p(x,z_k)/q(z_k|x), z_k = T_φ(ε_k), w̃ = w/Σw and sg = stop-gradient:

    total                    ∇ bound(log w_1 … log w_K), through everything
    path                     the same with log q evaluated at sg(φ): the score of q, of mean zero, is left out
    analytic                 ∇ [mean_k log p(x|z_k) − KL(q ‖ prior)], the divergence in closed form
    doubly reparameterised   φ: Σ_k w̃_k² ∂log w_k/∂z_k ∂z_k/∂φ;   θ: Σ_k w̃_k ∇_θ log w_k
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float

from taut.models import AbstractModel
from taut.numerics import gaussian_kl
from taut.shapes import DatumLike, Latent, LogWeights, Scalar
from taut.weights import Draw, weigh

Bound = Callable[[LogWeights], Scalar]


class Sample(NamedTuple):
    """What an estimator works on: a datum, its q, the latents drawn from it, the weight β of the divergence."""

    x: DatumLike
    q: dist.Distribution
    latents: Float[Array, "draws *latents"]
    kl_weight: Float[Array, ""] | float


class Climb(NamedTuple):
    """A scalar to differentiate, and the bound itself: nothing weighted, from the same draws."""

    surrogate: Scalar
    value: Scalar


Estimator = Callable[[Bound, AbstractModel, Sample], Climb]


def total(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Through everything: unbiased for every bound that is a smooth function of the log-weights."""
    return _climb(bound, _weigh_all(model, sample.q, sample, sample.latents), sample)


def path(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Through the latents alone (sticking the landing): no variance where q is the posterior.

    Unbiased for the ELBO. With more draws inside a logarithm it would be biased; take `doubly_reparameterised` there.
    References: Roeder, Wu & Duvenaud 2017, arXiv:1703.09194, eq. 8.
    """
    return _climb(bound, _weigh_all(model, held(sample.q), sample, sample.latents), sample)


def analytic(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Reconstruction − rate with the rate in closed form. `bound` must be the mean, or the forms would differ in value.

    Raises NotImplementedError where q and the prior are not both Gaussian.
    """
    reconstruction = bound(_over_draws(lambda z: model.log_likelihood(sample.x, z), sample.latents))
    rate = gaussian_kl(sample.q, model.prior())
    return Climb(reconstruction - sample.kl_weight * rate, reconstruction - rate)


def doubly_reparameterised(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """The low-variance gradient of log (1/K) Σ w_k.

    With log w = log p(x|z) − β divergence the score of q enters β times, so that w̃² becomes (1 − β) w̃ + β w̃².

    References: Tucker, Lawson, Gu & Maddison 2019, arXiv:1810.04152, eq. 6.
    """
    q = held(sample.q)
    through_latents = _weigh_all(held(model), q, sample, sample.latents)
    through_model = _weigh_all(model, q, sample, lax.stop_gradient(sample.latents))
    log_w = _log_weights(through_latents, sample.kl_weight)
    share = lax.stop_gradient(jax.nn.softmax(log_w))
    pull = (1.0 - sample.kl_weight) * share + sample.kl_weight * share**2
    surrogate = jnp.sum(pull * log_w) + jnp.sum(share * _log_weights(through_model, sample.kl_weight))
    return Climb(surrogate, bound(_log_weights(through_latents)))


def held(tree: Any) -> Any:
    """The same distribution or module with no gradient through its parameters."""
    return jax.tree.map(lambda leaf: lax.stop_gradient(leaf) if eqx.is_inexact_array(leaf) else leaf, tree)


def _climb(bound: Bound, draws: Draw, sample: Sample) -> Climb:
    return Climb(bound(_log_weights(draws, sample.kl_weight)), bound(_log_weights(draws)))


def _log_weights(draws: Draw, kl_weight: Float[Array, ""] | float = 1.0) -> LogWeights:
    return draws.reconstruction - kl_weight * draws.divergence


def _weigh_all(
    model: AbstractModel, q: dist.Distribution, sample: Sample, latents: Float[Array, "draws *latents"]
) -> Draw:
    return _over_draws(lambda z: weigh(model, q, sample.x, z), latents)


def _over_draws(function: Callable[[Latent], Any], latents: Float[Array, "draws *latents"]) -> Any:
    """`function` of every latent.

    A single one goes without an axis of its own, for which XLA would copy every activation: 7 % of a step.
    """
    if latents.shape[0] == 1:
        return jax.tree.map(lambda part: part[None], function(latents[0]))
    return jax.vmap(function)(latents)
