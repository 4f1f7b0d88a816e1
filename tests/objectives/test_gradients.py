"""The mean of every estimator is the derivative of its bound, computed without a draw; variances go as theory says."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from taut import guides
from taut.bounds import log_mean_weight, mean_log_weight
from taut.objectives import (
    Objective,
    beta,
    doubly_reparameterised,
    dreg,
    elbo,
    iwae,
    path,
    sticking_the_landing,
    total,
)
from tests.objectives.instances import (
    BITS,
    DATUM,
    assert_mean_is,
    bernoulli,
    drawn_gradients,
    exact_gradient,
    flat_function,
    linear,
    linear_elbo,
    two_draw_bound,
)
from tests.quick import quick

pytestmark = pytest.mark.usefixtures("float64")

ONE_DRAW = {
    "elbo, three draws": elbo(3),
    "split": elbo(form="split"),
    "sticking the landing, three draws": sticking_the_landing(3),
    "iwae of one draw": iwae(1),
    "dreg of one draw": dreg(1),
    "beta 4": beta(4.0),
    "split with beta 4": Objective(mean_log_weight, elbo(form="split").estimator, 1, 4.0),
    "path with beta 4": Objective(mean_log_weight, path, 2, 4.0),
}
DAILY = ("elbo, three draws", "dreg of one draw", "split with beta 4", "path with beta 4")
FULL = {"sticking the landing": sticking_the_landing(2), "split": elbo(2, form="split")}


@pytest.mark.parametrize("objective", quick(*map(ONE_DRAW.get, DAILY), of=ONE_DRAW.values()), ids=ONE_DRAW)
def test_gradient_of_the_elbo_against_its_closed_form(objective, key):
    model, guide = linear()
    x = jnp.array(DATUM)
    exact, _ = exact_gradient(lambda m, g: linear_elbo(m, g, x, objective.kl_weight), model, guide)
    assert_mean_is(drawn_gradients(objective, model, guide, x, key=key, draws=4000), exact)


@pytest.mark.slow
@pytest.mark.parametrize("objective", FULL.values(), ids=FULL)
def test_gradient_with_a_full_covariance(objective, key):
    model, guide = linear("full")
    x = jnp.array(DATUM)
    exact, _ = exact_gradient(lambda m, g: linear_elbo(m, g, x), model, guide)
    assert_mean_is(drawn_gradients(objective, model, guide, x, key=key, draws=4000), exact)


@pytest.mark.parametrize(
    ("estimator", "kl_weight"),
    quick(
        (total, 0.5),
        (doubly_reparameterised, 1.0),
        (doubly_reparameterised, 4.0),
        of=[(total, 1.0), (total, 0.5), *((doubly_reparameterised, weight) for weight in (1.0, 0.5, 0.0, 4.0))],
    ),
)
def test_gradient_of_the_two_draw_bound_against_a_grid(estimator, kl_weight, key):
    model, guide = bernoulli()
    x = jnp.array(BITS)
    exact, _ = exact_gradient(lambda m, g: two_draw_bound(m, g, x, kl_weight), model, guide)
    coarse, _ = exact_gradient(lambda m, g: two_draw_bound(m, g, x, kl_weight, nodes=120), model, guide)
    np.testing.assert_allclose(coarse, exact, atol=1e-9)  # the yardstick itself stands still
    objective = Objective(log_mean_weight, estimator, 2, kl_weight)
    assert_mean_is(drawn_gradients(objective, model, guide, x, key=key, draws=10_000), exact)


def test_the_path_derivative_is_biased_inside_a_logarithm(key):
    """Why `sticking_the_landing` offers the mean only, and why the tests above can fail."""
    model, guide = bernoulli()
    x = jnp.array(BITS)
    exact, of_guide = exact_gradient(lambda m, g: two_draw_bound(m, g, x), model, guide)
    draws = drawn_gradients(Objective(log_mean_weight, path, 2), model, guide, x, key=key, draws=10_000)
    z = (draws.mean(axis=0) - exact) / np.maximum(draws.std(axis=0, ddof=1) / 100, 1e-10)
    assert np.abs(z[of_guide]).max() > 10
    assert np.abs(z[~of_guide]).max() < 5


def test_sticking_the_landing_has_no_variance_at_the_posterior(key):
    model, _ = linear()
    x = jnp.array(DATUM)
    guide = guides.LocalGaussian.like(model.posterior(x), covariance="full")
    _, _, of_guide = flat_function(lambda m, g: jnp.zeros(()), model, guide)
    landed = drawn_gradients(sticking_the_landing(), model, guide, x, key=key, draws=50)[:, of_guide]
    pathwise = drawn_gradients(elbo(), model, guide, x, key=key, draws=50)[:, of_guide]
    assert np.abs(landed).max() < 1e-9
    assert pathwise.std(axis=0).max() > 0.1


def test_doubly_reparameterised_varies_less_and_agrees_at_64_draws(key):
    model, guide = bernoulli(latents=2)
    x = jnp.array(BITS)
    _, _, of_guide = flat_function(lambda m, g: jnp.zeros(()), model, guide)
    first, second = jax.random.split(key)
    plain = drawn_gradients(iwae(64), model, guide, x, key=first, draws=3000)[:, of_guide]
    double = drawn_gradients(dreg(64), model, guide, x, key=second, draws=3000)[:, of_guide]
    assert double.var(axis=0, ddof=1).sum() < 0.1 * plain.var(axis=0, ddof=1).sum()
    error = np.sqrt((double.var(axis=0, ddof=1) + plain.var(axis=0, ddof=1)) / 3000)
    assert (np.abs(double.mean(axis=0) - plain.mean(axis=0)) / np.maximum(error, 1e-12)).max() < 5


@pytest.mark.slow
def test_signal_to_noise_of_the_guides_gradient_falls_with_draws_unless_doubly_reparameterised(key):
    """As K^(−½) against K^(+½): Rainforth et al. 2018 and Tucker et al. 2019."""
    model, guide = bernoulli(latents=2)
    x = jnp.array(BITS)
    _, _, of_guide = flat_function(lambda m, g: jnp.zeros(()), model, guide)
    few, many = (
        {r: drawn_gradients(r(draws), model, guide, x, key=key, draws=3000)[:, of_guide] for r in (iwae, dreg)}
        for draws in (8, 128)
    )

    def slope(recipe):
        # The signal of both from the one that varies least.
        signals = [np.sqrt(np.sum(of[dreg].mean(axis=0) ** 2)) for of in (few, many)]
        noises = [np.sqrt(of[recipe].var(axis=0).sum()) for of in (few, many)]
        return np.log((signals[1] / noises[1]) / (signals[0] / noises[0])) / np.log(16)

    assert -0.65 < slope(iwae) < -0.35
    assert 0.35 < slope(dreg) < 0.65


@pytest.mark.parametrize("recipe", [elbo, dreg])
def test_the_prior_of_a_decoder_model_is_not_trained(recipe, key):
    model, guide = bernoulli()
    gradient = eqx.filter_jit(eqx.filter_grad(lambda m: recipe(4)(m, guide, jnp.array(BITS), key=key)))(model)
    assert all(float(jnp.abs(leaf).max()) == 0 for leaf in jax.tree.leaves(gradient.prior()))
