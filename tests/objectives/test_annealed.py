"""Draws that walk to the posterior carry the gradient of log p(x), and teach q where it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from taut import guides
from taut.errors import OptionError
from taut.objectives import annealed, elbo
from tests.objectives.instances import BITS, DATUM, assert_mean_is, bernoulli, drawn_gradients, exact_gradient, linear
from tests.objectives.instances import log_evidence_on_a_grid as on_a_grid

pytestmark = pytest.mark.usefixtures("float64")


def test_at_the_exact_posterior_the_models_gradient_is_that_of_log_p(key):
    """And the encoder's is nothing in the mean, whatever the share of forward learning."""
    model, _ = linear()
    x = jnp.array(DATUM)
    guide = guides.LocalGaussian.like(model.posterior(x), covariance="full")
    exact, of_guide = exact_gradient(lambda m, _: m.log_evidence(x), model, guide)
    drawn = drawn_gradients(annealed(2, 2, forward=0.5), model, guide, x, key=key, draws=4000)
    assert_mean_is(drawn, exact)
    assert drawn[:, of_guide].std() > 0.01


def test_a_long_walk_from_a_wrong_encoder_has_the_gradient_of_log_p(key):
    """Where that of the ELBO is biased: by quadrature."""
    model, guide = bernoulli()
    x = jnp.array(BITS)
    exact, of_guide = exact_gradient(lambda m, _: on_a_grid(m, x), model, guide)
    walked, own = (
        drawn_gradients(objective, model, guide, x, key=key, draws=10_000)[:, ~of_guide]
        for objective in (annealed(12), elbo())
    )
    assert_mean_is(walked, exact[~of_guide])
    error = own.std(axis=0, ddof=1) / np.sqrt(len(own))
    assert np.abs((own.mean(axis=0) - exact[~of_guide]) / np.maximum(error, 1e-10)).max() > 10


def test_the_reported_bound_rises_from_the_elbo_to_log_p(key):
    """By quadrature, in standard errors of the draws."""
    model, guide = bernoulli()
    x = jnp.array(BITS)
    truth = float(on_a_grid(model, x))

    def mean_and_error(objective):
        values = jax.jit(jax.vmap(lambda key: objective(model, guide, x, key=key)))(jax.random.split(key, 4000))
        return float(values.mean()), float(values.std(ddof=1)) / np.sqrt(4000)

    (own, _), (few, error), (many, last) = map(mean_and_error, (elbo(), annealed(2), annealed(24)))
    assert own + 5 * error < few < truth - 5 * error
    assert few < many <= truth + 5 * last
    assert truth - many < 0.2 * (truth - own)


def test_forward_learning_climbs_the_mean_log_q_of_posterior_draws(key):
    model, guide = bernoulli()
    x = jnp.array(BITS)

    def cross_entropy(model, guide):
        line = jnp.linspace(-9.0, 9.0, 240)[:, None]
        share = jax.nn.softmax(jax.vmap(lambda z: model.log_joint(x, z))(line))
        return jax.lax.stop_gradient(share) @ jax.vmap(guide(x).log_prob)(line)

    exact, of_guide = exact_gradient(cross_entropy, model, guide)
    drawn = drawn_gradients(annealed(12, forward=1.0), model, guide, x, key=key, draws=10_000)
    assert_mean_is(drawn[:, of_guide], exact[of_guide])


def test_what_cannot_walk_is_refused(key):
    import numpyro.distributions as dist

    flow = dist.TransformedDistribution(dist.Normal(jnp.zeros(1), 1.0).to_event(1), [dist.transforms.ExpTransform()])
    model, _ = bernoulli()
    with pytest.raises(OptionError, match="a formula for its mean and variance; got TransformedDistribution"):
        annealed(1)(model, guides.Constant(flow), jnp.array(BITS), key=key)
    with pytest.raises(OptionError, match="at least one step, and `forward` from 0 to 1; got 0 and 0"):
        annealed(0)
