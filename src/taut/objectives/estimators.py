"""Estimators of the gradient of a bound: from a bound, a model and a sample to a scalar to differentiate."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float, Shaped

from taut.errors import OptionError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import MOST_STATES, Draws, gaussian_kl, log_density, reparameterised, states_of
from taut.objectives.of_weights import Bound
from taut.shapes import DatumLike, Latent, LogWeights, RandomKey, Scalar
from taut.weights import Draw, weigh, weigh_known


class Sample(NamedTuple):
    """What an estimator works on: a datum, its q, the draws from it, the weight β of the divergence.

    `guide` is what made q; `key` is for draws beside these.
    """

    x: DatumLike
    q: dist.Distribution
    draws: Draws
    kl_weight: Float[Array, ""] | float
    guide: AbstractGuide
    key: RandomKey

    @property
    def latents(self) -> Shaped[Array, "draws *latents"]:
        """The latents that were drawn."""
        return self.draws.latents


class Climb(NamedTuple):
    """A scalar to differentiate, and the bound itself: nothing weighted, from the same draws."""

    surrogate: Scalar
    value: Scalar


Estimator = Callable[[Bound, AbstractModel, Sample], Climb]


def total(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Through everything: unbiased for every bound that is a smooth function of the log-weights."""
    check_reparameterised(sample.q)
    drawn = sample.draws.latents, sample.draws.log_q
    return climb(bound, over_draws(lambda one: weigh_known(model, sample.x, *one), drawn), sample)


def path(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Through the latents alone (sticking the landing): no variance where q is the posterior.

    Unbiased for the ELBO. With more draws inside a logarithm it would be biased; take `doubly_reparameterised` there.
    References: Roeder, Wu & Duvenaud 2017, arXiv:1703.09194, eq. 8.
    """
    check_reparameterised(sample.q)
    return climb(bound, weigh_through_latents(model, sample), sample)


def analytic(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Reconstruction − rate with the rate in closed form. `bound` must be the mean, or the forms would differ in value.

    Raises NotImplementedError where q and the prior are not both Gaussian.
    """
    check_reparameterised(sample.q)
    reconstruction = bounded(bound, over_draws(lambda z: model.log_likelihood(sample.x, z), sample.latents), sample)
    rate = gaussian_kl(sample.q, model.prior())
    return Climb(reconstruction - sample.kl_weight * rate, reconstruction - rate)


def doubly_reparameterised(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """The low-variance gradient of any smooth bound B of the log-weights: no variance where q is the posterior.

        Σ_k (B_k − β B_kk) ∂log w_k/∂z_k ∂z_k/∂φ,   B_k = ∂B/∂log w_k,  B_kk = ∂²B/∂(log w_k)²

    With log w = log p(x|z) − β divergence the score of q enters β times, as a reward B_k whose own derivative along the
    latents replaces it. For log (1/K) Σ w the factor is (1 − β) w̃ + β w̃².

    Raises OptionError where the draws do not count the same, as those of a mixture: the identity behind it is of draws
    from q.
    References: Tucker, Lawson, Gu & Maddison 2019, arXiv:1810.04152, eq. 6.
    """
    check_reparameterised(sample.q)
    _check_own_draws(sample)
    through_latents = weigh_through_latents(held(model), sample)
    through_model = weigh_held(model, sample)
    log_w = log_weights_of(through_latents, sample.kl_weight)
    slope, curvature = _slope_and_curvature(bound, lax.stop_gradient(log_w))
    pull = slope - sample.kl_weight * curvature
    surrogate = jnp.sum(pull * log_w) + jnp.sum(slope * log_weights_of(through_model, sample.kl_weight))
    return Climb(surrogate, bound(log_weights_of(through_latents)))


def _slope_and_curvature(bound: Bound, log_w: LogWeights) -> tuple[LogWeights, LogWeights]:
    slope = jax.grad(bound)

    def own(direction: LogWeights) -> Scalar:
        return direction @ jax.jvp(slope, (log_w,), (direction,))[1]

    return slope(log_w), jax.vmap(own)(jnp.eye(log_w.shape[0], dtype=log_w.dtype))


def leave_one_out(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """By the score of q, for latents that cannot be reparameterised; each draw is judged by what the others make of it.

        Σ_k [ B − B₋ₖ − β (B_k − B_k₋ₖ) ] ∂log q(z_k|x)/∂φ,   ₋ₖ: log w_k replaced by the mean of the others

    Unbiased for every smooth bound. For the mean of the log-weights it is RLOO, for the log of their mean VIMCO, but
    that the direct derivative −β B_k of the bound by q, which others leave as it is, has a baseline of its own here:
    so that nothing varies where q is the posterior.

    Raises OptionError for a single draw, and for those of a mixture, which do not count the same.
    References: Mnih & Rezende 2016, arXiv:1602.06725, eqs 7–10; Kool, van Hoof & Welling 2019.
    """
    _check_own_draws(sample)
    draws = sample.latents.shape[0]
    if draws < 2:
        raise OptionError("A draw that is judged by the others wants at least 2 draws; got 1; ask for 8, say.")
    weighed = weigh_held(model, sample)
    log_w = lax.stop_gradient(log_weights_of(weighed, sample.kl_weight))
    others = (jnp.sum(log_w) - log_w) / (draws - 1)
    without = jnp.where(jnp.eye(draws, dtype=bool), others[None, :], log_w[None, :])
    slope = jax.grad(bound)
    signal = bound(log_w) - jax.vmap(bound)(without)
    signal -= sample.kl_weight * (slope(log_w) - jnp.diagonal(jax.vmap(slope)(without)))
    surrogate = bound(log_weights_of(weighed, sample.kl_weight)) + jnp.sum(signal * _log_q(sample))
    return Climb(surrogate, bound(log_weights_of(weighed)))


def summed(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Σ_z q(z|x) log w(z) over all z, where they are few: no draw, no variance. `bound` must be the mean.

    Raises OptionError where the latents are not categorical, or take more than some thousand values.
    """
    states = states_of(sample.q)
    if states is None:
        raise OptionError(
            f"A sum over all latents wants categorical ones, of at most {MOST_STATES} values together; got "
            f"{type(sample.q).__name__}; take another objective, or fewer categories."
        )
    weighed = weigh_all(model, sample.q, sample, states)
    shares = jnp.exp(jax.vmap(lambda z: log_density(sample.q, z))(states))
    return Climb(shares @ log_weights_of(weighed, sample.kl_weight), shares @ log_weights_of(weighed))


def wake(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """The model climbs the bound; q comes nearer to the posterior, whose draws are q's own, weighted: Σ w̃ ∂log q.

    The latents need not be reparameterised. The guide's gradient is that of −KL(p(z|x) ‖ q), with a bias that falls
    as 1/K. References: Bornschein & Bengio 2015, Reweighted wake-sleep, arXiv:1406.2751, eqs 6 and 10.
    """
    counted = held(sample)
    weighed = weigh_held(model, sample)
    log_w = log_weights_of(weighed, sample.kl_weight)
    shares = 0.0 if sample.draws.log_shares is None else sample.draws.log_shares
    learned = jnp.sum(lax.stop_gradient(jax.nn.softmax(log_w + shares)) * _log_q(sample))
    return Climb(bounded(bound, log_w, counted) + learned, bounded(bound, log_weights_of(weighed), counted))


def sleep(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """The model climbs the bound; the guide learns from one datum and latent that the model dreams: ∂log q(z|x).

    Unbiased for −E_p(x) KL(p(z|x) ‖ q(z|x)), over data of the model and not of the world. Where a datum has holes or
    covariates, so has the dream. References: Hinton et al. 1995, Science 268; Bornschein & Bengio 2015, eq. 8.
    """
    dreamt, z = model.given(sample.x).sample(key=sample.key)
    learned = log_density(sample.guide(lax.stop_gradient(dreamt)), lax.stop_gradient(z))
    own = climb(bound, weigh_held(model, sample), held(sample))
    return Climb(own.surrogate + learned, own.value)


@dataclasses.dataclass(frozen=True)
class Apart:
    """The model climbs the objective's bound, and the guide another one, `of_guide`, by an estimator of its own."""

    of_guide: Bound
    estimator: Estimator = total

    def __call__(self, bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
        """Both surrogates; the value is that of the objective's bound."""
        of_model = climb(bound, weigh_held(model, sample), held(sample))
        of_guide = self.estimator(self.of_guide, held(model), sample).surrogate
        return Climb(of_model.surrogate + of_guide, of_model.value)


def held(tree: Any) -> Any:
    """The same distribution or module with no gradient through its parameters."""
    return jax.tree.map(lambda leaf: lax.stop_gradient(leaf) if eqx.is_inexact_array(leaf) else leaf, tree)


def check_reparameterised(q: dist.Distribution) -> None:
    """Raise OptionError where no gradient passes through the draws of q."""
    if not reparameterised(q):
        raise OptionError(
            f"This gradient wants a q(z|x) that can be reparameterised; got {type(q).__name__}; use a Gaussian "
            "guide, or an objective such as vimco, which wants none."
        )


def _check_own_draws(sample: Sample) -> None:
    if sample.draws.log_shares is not None:
        raise OptionError("This gradient wants draws from q(z|x) itself; got a mixture's; take `iwae` for it.")


def climb(bound: Bound, draws: Draw, sample: Sample) -> Climb:
    """The bound of the weighted log-weights to differentiate, and that of the plain ones."""
    weighted, plain = log_weights_of(draws, sample.kl_weight), log_weights_of(draws)
    return Climb(bounded(bound, weighted, sample), bounded(bound, plain, sample))


def bounded(bound: Bound, log_w: LogWeights, sample: Sample) -> Scalar:
    """The bound of log-weights, with how much each draw counts where that differs."""
    shares = sample.draws.log_shares
    return bound(log_w) if shares is None else bound(log_w, shares)


def log_weights_of(draws: Draw, kl_weight: Float[Array, ""] | float = 1.0) -> LogWeights:
    """log p(x|z) − β divergence of every draw."""
    return draws.reconstruction - kl_weight * draws.divergence


def weigh_all(
    model: AbstractModel, q: dist.Distribution, sample: Sample, latents: Shaped[Array, "draws *latents"]
) -> Draw:
    """Both halves of the log-weight of every latent."""
    return over_draws(lambda z: weigh(model, q, sample.x, z), latents)


def weigh_through_latents(model: AbstractModel, sample: Sample) -> Draw:
    """Both halves of every log-weight, with a gradient through the latents and none through q's parameters.

    The value of log q is that which came with the draw: the density at a latent may need solves that lose it.
    """
    q = held(sample.q)

    def one(drawn: tuple[Latent, Scalar]) -> Draw:
        z, log_q = drawn
        return weigh_known(model, sample.x, z, reported_as(log_q, log_density(q, z)))

    return over_draws(one, (sample.latents, sample.draws.log_q))


def weigh_held(model: AbstractModel, sample: Sample) -> Draw:
    """Both halves of every log-weight, with a gradient through the model alone."""
    drawn = lax.stop_gradient((sample.draws.latents, sample.draws.log_q))
    return over_draws(lambda one: weigh_known(model, sample.x, *one), drawn)


def over_draws(function: Callable[[Any], Any], drawn: Any) -> Any:
    """`function` of every latent, or of what stands beside it, too.

    A single one goes without an axis of its own, for which XLA would copy every activation: 7 % of a step.
    """
    if jax.tree.leaves(drawn)[0].shape[0] == 1:
        return jax.tree.map(lambda part: part[None], function(jax.tree.map(lambda part: part[0], drawn)))
    return jax.vmap(function)(drawn)


def _log_q(sample: Sample) -> LogWeights:
    """log q of the latents, held where they are."""
    return over_draws(lambda z: log_density(sample.q, z), lax.stop_gradient(sample.latents))


def reported_as(value: Scalar, surrogate: Scalar) -> Scalar:
    """The value, to the last bit, with the derivative of the surrogate.

    The difference is exactly zero where the surrogate is finite, and not a number where it is not.
    """
    return lax.stop_gradient(value) + (surrogate - lax.stop_gradient(surrogate))
