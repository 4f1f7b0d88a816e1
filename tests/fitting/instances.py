"""A model of one parameter, and objectives without noise: what a fit does to them can be written down."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
from jaxtyping import Array, Float

from taut import guides, likelihoods, models, networks
from taut.bounds import mean_log_weight
from taut.models import AbstractModel
from taut.objectives import Climb, Objective


class Mean(AbstractModel):
    """p(x|z) = N(mean, I), whatever z is: climbing log p(x) brings the mean to that of the data."""

    mean: Float[Array, "features"]

    def prior(self):
        return models.standard_normal(1)

    def likelihood(self, z):
        return dist.Normal(self.mean, 1.0).to_event(1)


def prior_guide():
    return guides.Constant(models.standard_normal(1))


def squared(bound, model, sample):
    """−½ ‖x − mean‖², and no draw in it."""
    value = -0.5 * jnp.sum((sample.x - model.mean) ** 2)
    return Climb(value, value)


def first_entry(bound, model, sample):
    """The first entry of the datum: tells which rows were seen."""
    return Climb(sample.x[0] + 0.0 * model.mean[0], sample.x[0])


def nan_from(threshold):
    """An estimator whose surrogate is not a number once the weight of the divergence, which ramps, has risen so far."""

    def estimator(bound, model, sample):
        value = squared(bound, model, sample).value
        return Climb(jnp.where(sample.kl_weight >= threshold, jnp.nan, value), value)

    return estimator


def nan_where_held_out(bound, model, sample):
    """Not a number for data that are never trained on."""
    value = jnp.where(sample.x[0] > 1e6, jnp.nan, squared(bound, model, sample).value)
    return Climb(value, value)


def objective(estimator, **options):
    return Objective(mean_log_weight, estimator, **options)


def small_vae(features=4, latents=2, scale="shared"):
    """The smallest decoder and encoder that have every kind of part."""
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=networks.Perceptron(latents, features, hidden=(3,), key=jr.key(0)),
        likelihood=likelihoods.Gaussian(features, scale=scale),
    )
    return model, guides.GaussianEncoder(features, latents, hidden=(3,), key=jr.key(1))


def arrays(*trees):
    return [leaf for leaf in jax.tree.leaves(trees) if eqx.is_array(leaf)]


def same_bits(first, second):
    return len(first) == len(second) and all(bool((a == b).all()) for a, b in zip(first, second, strict=True))
