"""Whether p(x|z) is a probability: what a model says, its ledger says too, for models of one's own as well."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

import taut
from taut import guides, likelihoods, models
from taut.likelihoods import AbstractLikelihood
from tests.auditing.instances import linear
from tests.laws.instances import LIKELIHOODS


class Geometric(AbstractLikelihood):
    """A count, and nothing said of what its distribution gives."""

    features: int = eqx.field(static=True)

    def __call__(self, outputs):
        return dist.GeometricLogits(outputs).to_event(1)

    def whitened(self, outputs, tangent):
        return tangent


class Laplace(Geometric):
    def __call__(self, outputs):
        return dist.Laplace(outputs).to_event(1)


class Coins(models.AbstractModel):
    """A model of one's own, and nothing said either."""

    def prior(self):
        return models.standard_normal(1)

    def likelihood(self, z):
        return dist.BernoulliLogits(jnp.stack([z[0], -z[0]])).to_event(1)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_what_a_likelihood_has_is_a_probability_where_its_values_can_be_counted(name):
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)
    assert likelihood.discrete is isinstance(LIKELIHOODS[name].support, np.ndarray)


def own(likelihood):
    return models.LatentVariableModel(prior=models.standard_normal(1), decoder=lambda z: z, likelihood=likelihood)


@pytest.mark.parametrize(
    ("made", "discrete"),
    [
        (lambda: own(Geometric(1)), True),
        (lambda: own(Laplace(1)), False),
        (Coins, True),
        (lambda: linear()[0], False),
        (lambda: models.Finite(jnp.zeros(2), jnp.zeros((2, 1)), likelihoods.Poisson(1)), True),
        (lambda: models.LogJoint(lambda x, z: 0.0, latents=1), False),
        (lambda: models.LogJoint(lambda x, z: 0.0, latents=1, discrete=True), True),
    ],
    ids=["own mass", "own density", "own model", "linear", "finite", "function", "function of a probability"],
)
def test_every_model_says_it(made, discrete):
    assert made().discrete is discrete


def test_the_ledger_of_a_function_says_it():
    model, guide = Coins(), guides.GaussianEncoder(2, 1, hidden=(), key=jr.key(0))
    rows = np.asarray(jax.jit(jax.vmap(lambda key: model.sample(key=key)[0]))(jr.split(jr.key(1), 8)))
    options = {"log_joint": model.log_joint, "guide": guide, "data": rows, "draws": 20, "bracket": False}
    of_mass, of_density = (taut.audit(**options, discrete=said, key=jr.key(2)) for said in (True, False))
    assert of_mass.bits_per_dim is not None
    assert "(probability)" in str(of_mass)
    assert of_density.bits_per_dim is None
    assert "(density)" in str(of_density)
