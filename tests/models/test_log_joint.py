"""A model given as a function log p(x, z) is the same model: weights, bounds, gradients, and what it refuses."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut import bounds, guides, log_weights, models
from taut.errors import ShapeError
from taut.weights import LogWeightsOfRow, map_rows, weigh
from tests.laws.instances import encoder, linear_gaussian, random_net, rows_of


class Joint(eqx.Module):
    """log p(x, z) of another model, as a module whose arrays can be moved."""

    inner: models.AbstractModel

    def __call__(self, x, z):
        return self.inner.log_joint(x, z)


def same_weights(ours, theirs):
    """To the rounding of a sum: a weight near zero is a difference of terms of a few nats."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def wrapped(model, *, with_prior, as_module=True):
    def closure(x, z):
        return model.log_joint(x, z)

    prior = model.prior() if with_prior else None
    return models.LogJoint(Joint(model) if as_module else closure, latents=model.prior().event_shape[0], prior=prior)


@pytest.mark.parametrize("as_module", [True, False], ids=["module", "function"])
@pytest.mark.parametrize("with_prior", [True, False], ids=["prior", "no prior"])
def test_weights_are_those_of_the_model(with_prior, as_module, key):
    model = random_net(2)
    guide, x = encoder(6, 2), rows_of(model, 1)[0]
    given = wrapped(model, with_prior=with_prior, as_module=as_module)
    theirs = log_weights(model, guide, x, draws=50, key=key)
    for chunk in (None, 7):
        same_weights(log_weights(given, guide, x, draws=50, key=key, chunk=chunk), theirs)


@pytest.mark.parametrize("with_prior", [True, False], ids=["prior", "no prior"])
def test_many_rows_through_the_edge(with_prior, key):
    """Compiled, batched over rows and draws, and again with other arrays in the same tree."""
    model, guide = random_net(2), encoder(6, 2)
    data = np.asarray(rows_of(model, 11))
    given = wrapped(model, with_prior=with_prior)
    theirs = map_rows(LogWeightsOfRow(20), model, guide, data, key=key, block=4)
    ours = map_rows(LogWeightsOfRow(20, chunk=8), given, guide, data, key=key, block=4)
    same_weights(ours, theirs)
    again = jax.tree.map(lambda leaf: leaf, given)
    same_weights(map_rows(LogWeightsOfRow(20), again, guide, data, key=key), theirs)


def test_a_prior_splits_into_rate_and_distortion_and_none_into_energy_and_entropy(float64):
    model, z = linear_gaussian(), jnp.array([0.3, -0.8])
    x, q = rows_of(model, 1)[0], models.standard_normal(2)
    theirs = weigh(model, q, x, z)
    split, whole = (weigh(wrapped(model, with_prior=given), q, x, z) for given in (True, False))
    np.testing.assert_allclose(split[1:], theirs[1:], rtol=1e-12)
    np.testing.assert_allclose(whole.reconstruction, model.log_joint(x, z), rtol=1e-12)
    np.testing.assert_allclose(whole.divergence, q.log_prob(z), rtol=1e-12)


def test_under_the_exact_posterior_each_weight_is_the_evidence(float64, key):
    model = linear_gaussian(7, 3)
    guide, x = guides.KnownPosterior(model.posterior), rows_of(model, 1)[0]
    for with_prior in (True, False):
        log_w = log_weights(wrapped(model, with_prior=with_prior), guide, x, draws=7, key=key)
        np.testing.assert_allclose(log_w, model.log_evidence(x), rtol=1e-10)


def test_quadrature_needs_no_prior(float64):
    model = linear_gaussian(3, 2)
    x = rows_of(model, 1)[0]
    value = bounds.quadrature(wrapped(model, with_prior=False), x).value
    assert value == pytest.approx(float(model.log_evidence(x)), abs=1e-5)


@pytest.mark.parametrize("with_prior", [True, False], ids=["prior", "no prior"])
def test_gradients_reach_the_arrays_of_the_function_and_not_the_prior(with_prior):
    model, x, z = random_net(2), jnp.ones(6), jnp.array([0.1, 0.2])
    given = wrapped(model, with_prior=with_prior)

    def value(model):
        return weigh(model, models.standard_normal(2), x, z).log_weight

    theirs, ours = eqx.filter_grad(value)(model), eqx.filter_grad(value)(given)
    for expected, seen in zip(
        jax.tree.leaves(theirs.decoder), jax.tree.leaves(ours.function.inner.decoder), strict=True
    ):
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(ours._prior))


def test_it_says_what_it_knows():
    given = wrapped(linear_gaussian(), with_prior=True)
    bare = wrapped(linear_gaussian(), with_prior=False)
    assert (given.has_prior, bare.has_prior) == (True, False)
    assert not given.simulates
    assert linear_gaussian().simulates
    assert linear_gaussian().has_prior
    assert bare.prior().event_shape == (2,)
    assert float(bare.prior().log_prob(jnp.ones(2))) == 0.0


def test_it_cannot_draw_and_says_what_to_do_instead(key):
    given = wrapped(linear_gaussian(), with_prior=True)
    for call in (lambda: given.sample(key=key), lambda: given.likelihood(jnp.zeros(2)).sample(key)):
        with pytest.raises(NotImplementedError) as caught:
            call()
        message = str(caught.value)
        assert message.count(";") == 2
        assert message.endswith("give prior, decoder and likelihood apart.")


def test_shapes_that_would_broadcast_in_silence_are_refused():
    with pytest.raises(ShapeError, match=r"vector of 2 latents is wanted; got batch shape \(2,\)"):
        models.LogJoint(lambda x, z: -jnp.sum(z**2), latents=2, prior=dist.Normal(jnp.zeros(2), jnp.ones(2)))
    with pytest.raises(ShapeError, match="3 latents"):
        models.LogJoint(lambda x, z: -jnp.sum(z**2), latents=3, prior=models.standard_normal(2))
    with pytest.raises(ShapeError, match=r"One number .* got shape \(2,\); sum over"):
        models.LogJoint(lambda x, z: -(z**2), latents=2).log_joint(jnp.zeros(1), jnp.zeros(2))


def test_a_batch_of_keys_makes_no_difference_to_one_draw(key):
    """numpyro's distributions flatten strangely where they cross a `vmap`: none crosses here."""
    given, guide = wrapped(random_net(2), with_prior=True), encoder(6, 2)
    x = jnp.ones(6)
    one = jax.jit(lambda key: log_weights(given, guide, x, draws=1, key=key))
    keys = jr.split(key, 4)
    np.testing.assert_allclose(jax.vmap(one)(keys), jnp.stack([one(key) for key in keys]), rtol=1e-5, atol=1e-5)
