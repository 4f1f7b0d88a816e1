"""Draws of q that walk towards the posterior before the model learns from them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax import lax

from taut.annealing import Path, Schedule, Walk, forward_walk
from taut.bounds import mean_log_weight
from taut.errors import OptionError
from taut.models import AbstractModel
from taut.numerics import AffineMap, log_density, spread_of
from taut.objectives.estimators import Climb, Sample, bounded, held, log_weights_of, over_draws, weigh_through_latents
from taut.objectives.of_weights import Bound
from taut.shapes import RandomKey
from taut.weights import draw_keys

# Of a walk from q, found on binarised MNIST: steps of these in units of q's spread are nearly always accepted.
LEAPFROGS, STEP = 3, 0.4
# How much of the encoder's gradient comes from where the walks ended.
FORWARD = 0.5


@dataclasses.dataclass(frozen=True)
class Annealed:
    """θ climbs where walks from q to p(z|x) end, φ by the path derivative and by learning where they end.

        z_0 ~ q,   for t = 1 … T:  log w += [log p(x, z_{t−1}) − log q(z_{t−1}|x)] / T,
                                   z_t by a Hamiltonian step that leaves q^{1−t/T} p(z|x)^{t/T} as it is
        ∇_θ log p(x, z_T)   and   (1 − λ) ∇_φ ELBO + λ ∇_φ log q(z_T|x)

    Reported is the bound of annealed importance sampling: E log w ≤ log p(x), and equal in the limit of many steps. The
    first gradient is then that of log p(x), and with λ = `forward` = 1 the second that of −KL(p(z|x) ‖ q). Under the
    exact posterior all of this holds at once. q's mean and spread are the walk's coordinates; where q is no Gaussian,
    the walk begins at the Gaussian that has them. A weight of the divergence enters the ELBO of φ alone. A step costs
    `leapfrogs` gradients by z, each two thirds of a draw of `iwae`.

    Raises OptionError where q has no formula for its mean and variance.
    References: Neal 2001, Annealed importance sampling; Hoffman 2017, Learning deep latent Gaussian models with Markov
    chain Monte Carlo, PMLR 70.
    """

    steps: int
    leapfrogs: int = LEAPFROGS
    step: float = STEP
    forward: float = FORWARD

    def __call__(self, bound: Bound, model: AbstractModel, sample: Sample) -> Climb:
        """The climb."""
        still, q = held(model), held(sample.q)
        road, schedule = Path(still, sample.x, _frame(q)), self._schedule()

        def walk(key: RandomKey) -> Walk:
            return forward_walk(road, schedule, self.steps, leapfrogs=self.leapfrogs, key=key)

        walks = jax.vmap(walk)(draw_keys(sample.key, len(sample.latents)))
        ends = lax.stop_gradient(jax.vmap(road.frame.place)(walks.end))
        of_model = jnp.mean(over_draws(lambda z: model.log_joint(sample.x, z), ends))
        learned = jnp.mean(over_draws(lambda z: log_density(sample.q, z), ends))
        draws = weigh_through_latents(still, sample)
        own = bounded(mean_log_weight, log_weights_of(draws, sample.kl_weight), sample)
        surrogate = of_model + self.forward * learned + (1.0 - self.forward) * own
        return Climb(surrogate, bound(walks.log_weight))

    def _schedule(self) -> Schedule:
        betas = np.arange(1, self.steps + 1) / self.steps
        rows = (betas, np.diff(betas, prepend=0.0), np.full(self.steps, self.step))
        return Schedule(*(jnp.asarray(row, jnp.result_type(float)) for row in rows))


def _frame(q: dist.Distribution) -> AffineMap:
    try:
        return spread_of(q)
    except NotImplementedError:
        raise OptionError(
            f"A walk wants a q(z|x) with a formula for its mean and variance; got {type(q).__name__}; take another "
            "objective, or a Gaussian guide."
        ) from None
