"""Draws of q that walk towards the posterior before the model learns from them."""

import dataclasses

import jax
import numpyro.distributions as dist
from jax import lax

from taut.annealing import Path, hmc_steps
from taut.bounds import mean_log_weight
from taut.errors import OptionError
from taut.models import AbstractModel
from taut.numerics import AffineMap, log_density, spread_of
from taut.objectives.estimators import Climb, Sample, bounded, held, log_weights_of, over_draws, weigh_all
from taut.objectives.of_weights import Bound
from taut.shapes import Latent, RandomKey
from taut.weights import draw_keys

# Of a walk from q, found on binarised MNIST: steps of these in units of q's spread are nearly always accepted.
LEAPFROGS, STEP = 3, 0.4
# How much of the encoder's gradient comes from where the walks ended.
FORWARD = 0.0


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
        draws = weigh_all(still, q, sample, sample.latents)
        road = Path(still, sample.x, _frame(q))

        def walked(z: Latent, key: RandomKey) -> Latent:
            start = road.frame.coordinates(lax.stop_gradient(z))
            end, _ = hmc_steps(road, start, steps=self.steps, leapfrogs=self.leapfrogs, step=self.step, key=key)
            return lax.stop_gradient(road.frame.place(end))

        ends = jax.vmap(walked)(sample.latents, draw_keys(sample.key, sample.latents.shape[0]))
        counted = held(sample)
        of_model = bounded(mean_log_weight, over_draws(lambda z: model.log_joint(sample.x, z), ends), counted)
        learned = bounded(mean_log_weight, over_draws(lambda z: log_density(sample.q, z), ends), counted)
        own = bounded(mean_log_weight, log_weights_of(draws, sample.kl_weight), sample)
        surrogate = of_model + self.forward * learned + (1.0 - self.forward) * own
        return Climb(surrogate, bounded(bound, log_weights_of(draws), sample))


def _frame(q: dist.Distribution) -> AffineMap:
    try:
        return spread_of(q)
    except NotImplementedError:
        raise OptionError(
            f"A walk wants a q(z|x) with a formula for its mean and variance; got {type(q).__name__}; take another "
            "objective, or a Gaussian guide."
        ) from None
