"""Objectives: a bound and a gradient estimator, something to climb; papers are one-line recipes."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jax import lax
from jaxtyping import Array, Float

from taut.annealing import Path, hmc_steps
from taut.bounds import log_mean_weight, mean_log_weight
from taut.errors import OptionError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.numerics import (
    AffineMap,
    Draws,
    gaussian_kl,
    log_density,
    reparameterised,
    reparameterised_draws,
    spread_of,
)
from taut.parts import NamedPart, PartRegistry
from taut.shapes import DatumLike, Latent, LogWeights, RandomKey, Scalar
from taut.weights import Draw, draw_keys, weigh, weigh_known

__all__ = [
    "OBJECTIVES",
    "RECIPES",
    "Objective",
    "Walked",
    "analytic",
    "beta",
    "doubly_reparameterised",
    "dreg",
    "elbo",
    "iwae",
    "path",
    "refined",
    "sticking_the_landing",
    "total",
]


# Of a walk from q, found on binarised MNIST: steps of these in units of q's spread are nearly always accepted.
LEAPFROGS, STEP = 3, 0.4
# How much of the encoder's gradient comes from where the walks ended.
FORWARD = 0.0

# Of log-weights, and of the logarithms of how much each draw counts, where they do not count the same.
Bound = Callable[..., Scalar]


class Sample(NamedTuple):
    """What an estimator works on: a datum, its q, the draws from it, the weight β of the divergence.

    `key` is for draws beside these.
    """

    x: DatumLike
    q: dist.Distribution
    draws: Draws
    kl_weight: Float[Array, ""] | float
    key: RandomKey

    @property
    def latents(self) -> Float[Array, "draws *latents"]:
        """The latents that were drawn."""
        return self.draws.latents


class Climb(NamedTuple):
    """A scalar to differentiate, and the bound itself: nothing weighted, from the same draws."""

    surrogate: Scalar
    value: Scalar


Estimator = Callable[[Bound, AbstractModel, Sample], Climb]


def total(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """Through everything: unbiased for every bound that is a smooth function of the log-weights."""
    drawn = sample.draws.latents, sample.draws.log_q
    return _climb(bound, _over_draws(lambda one: weigh_known(model, sample.x, *one), drawn), sample)


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
    reconstruction = _bounded(bound, _over_draws(lambda z: model.log_likelihood(sample.x, z), sample.latents), sample)
    rate = gaussian_kl(sample.q, model.prior())
    return Climb(reconstruction - sample.kl_weight * rate, reconstruction - rate)


def doubly_reparameterised(bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
    """The low-variance gradient of log (1/K) Σ w_k.

    With log w = log p(x|z) − β divergence the score of q enters β times, so that w̃² becomes (1 − β) w̃ + β w̃².

    Raises OptionError where the draws do not count the same, as those of a mixture: the identity behind it is of draws
    from q.
    References: Tucker, Lawson, Gu & Maddison 2019, arXiv:1810.04152, eq. 6.
    """
    if sample.draws.log_shares is not None:
        raise OptionError("This gradient wants draws from q(z|x) itself; got a mixture's; take `iwae` for it.")
    q = held(sample.q)
    through_latents = _weigh_all(held(model), q, sample, sample.latents)
    through_model = _weigh_all(model, q, sample, lax.stop_gradient(sample.latents))
    log_w = _log_weights(through_latents, sample.kl_weight)
    share = lax.stop_gradient(jax.nn.softmax(log_w))
    pull = (1.0 - sample.kl_weight) * share + sample.kl_weight * share**2
    surrogate = jnp.sum(pull * log_w) + jnp.sum(share * _log_weights(through_model, sample.kl_weight))
    return Climb(surrogate, bound(_log_weights(through_latents)))


@dataclasses.dataclass(frozen=True)
class Walked:
    """θ climbs at draws of q that walked towards p(z|x), φ by the path derivative and by learning where they went.

        z_0 ~ q,   z = Hamiltonian steps from z_0 that leave p(z|x) as it is
        ∇_θ log p(x, z)   and   (1 − λ) ∇_φ ELBO + λ ∇_φ log q(z|x)

    As z comes to the posterior the first is the gradient of log p(x), and with λ = `forward` the second that of
    −KL(p(z|x) ‖ q); under the exact posterior both are at once. q's own mean and spread are the walk's coordinates.
    Each step costs `leapfrogs` gradients by z, of which one is cheaper than a draw of `iwae`.

    Raises OptionError where q has no formula for its mean and variance.
    References: Hoffman 2017, Learning deep latent Gaussian models with Markov chain Monte Carlo, PMLR 70.
    """

    steps: int
    leapfrogs: int = LEAPFROGS
    step: float = STEP
    forward: float = FORWARD

    def __call__(self, bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
        """The climb."""
        still, q = held(model), held(sample.q)
        draws = _weigh_all(still, q, sample, sample.latents)
        road = Path(still, sample.x, _frame(q))

        def walked(z: Latent, key: RandomKey) -> Latent:
            start = road.frame.coordinates(lax.stop_gradient(z))
            end, _ = hmc_steps(road, start, steps=self.steps, leapfrogs=self.leapfrogs, step=self.step, key=key)
            return lax.stop_gradient(road.frame.place(end))

        ends = jax.vmap(walked)(sample.latents, draw_keys(sample.key, sample.latents.shape[0]))
        counted = held(sample)
        of_model = _bounded(mean_log_weight, _over_draws(lambda z: model.log_joint(sample.x, z), ends), counted)
        learned = _bounded(mean_log_weight, _over_draws(lambda z: log_density(sample.q, z), ends), counted)
        own = _bounded(mean_log_weight, _log_weights(draws, sample.kl_weight), sample)
        surrogate = of_model + self.forward * learned + (1.0 - self.forward) * own
        return Climb(surrogate, _bounded(bound, _log_weights(draws), sample))


def _frame(q: dist.Distribution) -> AffineMap:
    try:
        return spread_of(q)
    except NotImplementedError:
        raise OptionError(
            f"A walk wants a q(z|x) with a formula for its mean and variance; got {type(q).__name__}; take another "
            "objective, or a Gaussian guide."
        ) from None


def held(tree: Any) -> Any:
    """The same distribution or module with no gradient through its parameters."""
    return jax.tree.map(lambda leaf: lax.stop_gradient(leaf) if eqx.is_inexact_array(leaf) else leaf, tree)


def _climb(bound: Bound, draws: Draw, sample: Sample) -> Climb:
    return Climb(
        _bounded(bound, _log_weights(draws, sample.kl_weight), sample), _bounded(bound, _log_weights(draws), sample)
    )


def _bounded(bound: Bound, log_w: LogWeights, sample: Sample) -> Scalar:
    shares = sample.draws.log_shares
    return bound(log_w) if shares is None else bound(log_w, shares)


def _log_weights(draws: Draw, kl_weight: Float[Array, ""] | float = 1.0) -> LogWeights:
    return draws.reconstruction - kl_weight * draws.divergence


def _weigh_all(
    model: AbstractModel, q: dist.Distribution, sample: Sample, latents: Float[Array, "draws *latents"]
) -> Draw:
    return _over_draws(lambda z: weigh(model, q, sample.x, z), latents)


def _over_draws(function: Callable[[Any], Any], drawn: Any) -> Any:
    """`function` of every latent, or of what stands beside it, too.

    A single one goes without an axis of its own, for which XLA would copy every activation: 7 % of a step.
    """
    if jax.tree.leaves(drawn)[0].shape[0] == 1:
        return jax.tree.map(lambda part: part[None], function(jax.tree.map(lambda part: part[0], drawn)))
    return jax.vmap(function)(drawn)


class Objective(eqx.Module):
    """A bound on log p(x), the estimator of its gradient, and the draws for each datum and step.

    `kl_weight` multiplies the divergence log q − log p(z) in the gradient, and never in the reported value; during the
    first `kl_warm_up` epochs it rises to that weight from zero.
    """

    bound: Bound = eqx.field(static=True)
    estimator: Estimator = eqx.field(static=True)
    draws: int = eqx.field(static=True, default=1)
    kl_weight: float = eqx.field(static=True, default=1.0)
    kl_warm_up: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        if self.draws < 1:
            raise OptionError(
                f"An objective wants at least one draw for each datum; got {self.draws}; ask for one or more."
            )

    def __call__(
        self,
        model: AbstractModel,
        guide: AbstractGuide,
        x: DatumLike,
        *,
        key: RandomKey,
        kl_weight: Float[Array, ""] | float | None = None,
    ) -> Scalar:
        """The bound for one datum as a value, with the estimator's gradient.

        Raises OptionError where q cannot be reparameterised.
        """
        q = guide(x)
        if not reparameterised(q):
            raise OptionError(
                f"This gradient wants a q(z|x) that can be reparameterised; got {type(q).__name__}; use a Gaussian "
                "guide."
            )
        draws = reparameterised_draws(q, draw_keys(key, self.draws))
        weight = self.kl_weight if kl_weight is None else kl_weight
        # A number that no draw has.
        sample = Sample(x, q, draws, weight, jr.fold_in(key, self.draws))
        surrogate, value = self.estimator(self.bound, model, sample)
        # What is logged is the bound, to the last bit, whatever carried the derivative: the difference is exactly zero
        # where the surrogate is finite, and not a number where it is not.
        return lax.stop_gradient(value) + (surrogate - lax.stop_gradient(surrogate))

    def weight_at(self, epoch: Float[Array, ""]) -> Float[Array, ""]:
        """The weight of the divergence after this many epochs."""
        ramp = jnp.minimum(epoch / self.kl_warm_up, 1.0) if self.kl_warm_up > 0 else jnp.ones_like(epoch)
        return self.kl_weight * ramp


def elbo(draws: int = 1, *, form: Literal["joint", "split"] = "joint", kl_warm_up: float = 0.0) -> Objective:
    """The evidence lower bound, `joint` (sampled) or `split` (reconstruction − closed-form rate).

    References: Kingma & Welling 2014, arXiv:1312.6114, eqs 6 and 7.
    """
    if form not in ("joint", "split"):
        raise OptionError(f"The ELBO has a joint and a split form; got `{form}`; choose one of the two.")
    return Objective(mean_log_weight, analytic if form == "split" else total, draws, kl_warm_up=kl_warm_up)


def sticking_the_landing(draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO by its path derivative. References: Roeder, Wu & Duvenaud 2017, arXiv:1703.09194."""
    return Objective(mean_log_weight, path, draws, kl_warm_up=kl_warm_up)


def iwae(draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The importance-weighted bound. References: Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519, eq. 8."""
    return Objective(log_mean_weight, total, draws, kl_warm_up=kl_warm_up)


def dreg(draws: int = 16, *, kl_warm_up: float = 0.0) -> Objective:
    """The importance-weighted bound, doubly reparameterised. References: Tucker et al. 2019, arXiv:1810.04152."""
    return Objective(log_mean_weight, doubly_reparameterised, draws, kl_warm_up=kl_warm_up)


def beta(kl_weight: float, draws: int = 1, *, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO with a weighted divergence in its gradient. References: Higgins et al. 2017, β-VAE, ICLR, eq. 4."""
    return Objective(mean_log_weight, total, draws, kl_weight, kl_warm_up)


def refined(steps: int = 2, draws: int = 1, *, forward: float = FORWARD, kl_warm_up: float = 0.0) -> Objective:
    """The ELBO, whose θ climbs at draws that walked so many steps towards the posterior, see `Walked`.

    References: Hoffman 2017, PMLR 70.
    """
    if steps < 1 or not 0.0 <= forward <= 1.0:
        raise OptionError(
            f"`refined` wants at least one step, and `forward` from 0 to 1; got {steps} and {forward:g}; change them."
        )
    return Objective(mean_log_weight, Walked(steps, forward=forward), draws, kl_warm_up=kl_warm_up)


RECIPES: dict[str, Callable[..., Objective]] = {
    "elbo": elbo,
    "sticking-the-landing": sticking_the_landing,
    "iwae": iwae,
    "dreg": dreg,
}

# With one draw these are the ELBO.
OF_SEVERAL_DRAWS = ("iwae", "dreg")


def _named(name: str, recipe: Callable[..., Objective]) -> NamedPart:
    def build(*own: int, draws: int, kl_warm_up: float) -> Objective:
        draws = own[0] if own else draws
        if name in OF_SEVERAL_DRAWS and draws < 2:
            raise OptionError(
                f"`{name}` wants at least 2 draws, since with one it is the ELBO; got {draws}; ask for 16, say."
            )
        return recipe(draws, kl_warm_up=kl_warm_up)

    return NamedPart(build, "number of draws", most=1)


def _refined(steps: int = 2, *, draws: int, kl_warm_up: float) -> Objective:
    return refined(steps, draws, kl_warm_up=kl_warm_up)


OBJECTIVES = PartRegistry(
    "objective",
    {name: _named(name, recipe) for name, recipe in RECIPES.items()}
    | {"refined": NamedPart(_refined, "number of steps", most=1)},
    kind=Objective,
)
