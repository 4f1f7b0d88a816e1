"""Laws of every likelihood that densities alone do not show: samples, means, gradients at extremes, precision."""

import jax
import jax.numpy as jnp
import jax.random as jr
import mpmath
import numpy as np
import pytest
from scipy import stats

from taut import likelihoods
from taut.likelihoods.levels import LogisticLevels
from tests.laws import checks
from tests.laws.instances import LIKELIHOODS, each_likelihood


def test_every_name_has_a_row():
    assert set(LIKELIHOODS) == set(likelihoods.names())


@pytest.mark.parametrize("name", each_likelihood(but={"categorical"}))
def test_samples_have_the_mean_that_it_says(name, key):
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)

    @jax.jit
    def sampled(outputs, key):
        q = likelihood(outputs)
        return q.mean, jax.vmap(q.sample)(jr.split(key, 20_000)).astype(float)

    for outputs in LIKELIHOODS[name].outputs:
        mean, draws = sampled(jnp.array(outputs), key)
        assert draws.shape == (20_000, 1)
        checks.mean_is(draws, np.asarray(mean))


@pytest.mark.parametrize("name", ["bernoulli", "binomial", "categorical", "discretised-logistic", "logistic-mixture"])
def test_samples_have_the_frequencies_of_their_probabilities(name, key):
    outputs = LIKELIHOODS[name].outputs[1]
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)
    draws = np.asarray(jax.jit(jax.vmap(likelihood(jnp.array(outputs)).sample))(jr.split(key, 20_000))).ravel()
    levels = LIKELIHOODS[name].support
    expected = 20_000 * np.exp(checks.log_densities(name, levels)[1](outputs))
    seen = np.array([(draws == level).sum() for level in levels])
    large = expected > 5  # the rest together
    table = [np.append(part[large], part[~large].sum()) for part in (seen, expected)]
    statistic = np.sum((table[0] - table[1]) ** 2 / np.maximum(table[1], 1.0))
    assert seen.sum() == 20_000, "a draw fell outside the support"
    assert stats.chi2.sf(statistic, large.sum()) > 1e-6


@pytest.mark.parametrize("eta", [-200.0, -3.0, -1e-4, 0.0, 1e-4, 5.0, 200.0])
def test_continuous_bernoulli_draws_have_its_distribution_function(eta, key):
    q = likelihoods.ContinuousBernoulli(1)(jnp.array([eta]))
    draws = np.asarray(jax.jit(jax.vmap(q.sample))(jr.split(key, 20_000)), np.float64).ravel()
    assert draws.min() >= 0
    assert draws.max() <= 1

    def distribution_function(x):
        return x if abs(eta) < 1e-6 else np.expm1(-abs(eta) * x) / np.expm1(-abs(eta))

    assert stats.kstest(draws if eta <= 0 else 1 - draws, distribution_function).pvalue > 1e-6


@pytest.mark.parametrize("name", each_likelihood())
def test_gradients_are_finite_at_extremes(name):
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)

    @jax.jit
    def value_and_gradient(outputs, x):
        return jax.value_and_grad(lambda outputs: likelihood(outputs).log_prob(x))(outputs)

    for size in (-50.0, -1e-3, 0.0, 50.0):
        for edge in LIKELIHOODS[name].edges:
            value, gradient = value_and_gradient(jnp.full(likelihood.outputs, size), jnp.array([float(edge)]))
            assert np.isfinite(value), f"log p = {value} at outputs {size} and x = {edge}"
            assert np.all(np.isfinite(gradient)), f"gradient {gradient} at outputs {size} and x = {edge}"


@pytest.mark.parametrize("name", each_likelihood())
def test_integers_and_floats_are_the_same_data(name):
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)
    log_prob = jax.jit(lambda outputs, x: likelihood(outputs).log_prob(x))
    outputs = jnp.full(likelihood.outputs, 0.3)
    assert float(log_prob(outputs, jnp.array([1]))) == float(log_prob(outputs, jnp.array([1.0])))


@pytest.mark.parametrize("name", each_likelihood())
def test_single_precision_follows_double(name):
    points, _ = checks.nodes(LIKELIHOODS[name])
    outputs = LIKELIHOODS[name].outputs[-1]
    single = checks.log_densities(name, points)[1](outputs)
    with jax.enable_x64(True):
        double = checks.log_densities(name, points)[1](outputs)
    seen = double > -100
    np.testing.assert_allclose(single[seen], double[seen], rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("name", each_likelihood(but={"categorical"}))
def test_starting_outputs_start_near_the_mean_of_the_data(name):
    known = {"bernoulli": 0.3, "continuous-bernoulli": 0.5, "binomial": 5.0}
    data = (known | dict.fromkeys(("discretised-logistic", "logistic-mixture"), 100.0)).get(name, 2.0)
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)
    start = likelihood.starting_outputs(jnp.array([data]))
    assert start.shape == (likelihood.outputs,)
    if likelihood.discrete or name == "continuous-bernoulli":
        assert float(likelihood(start).mean[0]) == pytest.approx(data, rel=0.05)


def test_probabilities_of_the_whole_datum_are_sums_over_entries():
    data = np.array([[0.0, 1.0, 2.0], [1.0, 4.0, 0.0]])
    for name in ("poisson", "gaussian", "student-t", "negative-binomial", "binomial", "categorical"):
        likelihood = likelihoods.named(name, data)
        q = likelihood(jnp.linspace(-1.0, 1.0, likelihood.outputs))
        assert q.event_shape == (3,)
        assert q.log_prob(jnp.asarray(data[0], jnp.float32)).shape == ()


def test_shared_scale_is_one_number_and_unit_scale_is_one():
    data = np.random.default_rng(0).normal(size=(50, 3)) * [1.0, 10.0, 100.0]
    assert len(np.unique(likelihoods.named("gaussian-shared", data).scale())) == 1
    np.testing.assert_array_equal(likelihoods.named("gaussian-unit", data).scale(), np.ones(3))
    np.testing.assert_allclose(likelihoods.named("gaussian", data).scale(), data.std(axis=0), rtol=1e-3)


def test_a_column_in_other_units_shifts_the_log_density_by_the_log_of_the_factor():
    data = np.random.default_rng(0).normal(size=(50, 2)) + 3.0
    for name in ("gaussian", "student-t"):
        outputs = jnp.array([0.3, -0.2])
        first = likelihoods.named(name, data)(outputs).log_prob(jnp.asarray(data[0], jnp.float32))
        scaled = data * [1.0, 1000.0]
        second = likelihoods.named(name, scaled)(outputs).log_prob(jnp.asarray(scaled[0], jnp.float32))
        assert float(first - second) == pytest.approx(np.log(1000.0), abs=1e-4)


@pytest.mark.parametrize("levels", [2, 5, 256])
def test_the_mean_of_levels_is_their_sum(levels, float64):
    half = (levels - 1) / 2
    location, scale = np.meshgrid(half * np.array([-0.3, 0.0, 0.01, 0.7, 1.0, 1.4]), [0.01, 0.3, 0.99, 1.0, 3.0, 40.0])
    q = LogisticLevels(jnp.asarray(location), jnp.asarray(scale), levels=levels)
    expected = sum(level * np.exp(q.log_prob(jnp.full(location.shape, level))) for level in range(levels))
    np.testing.assert_allclose(q.mean, expected, atol=2e-6)


@pytest.mark.parametrize(("location", "raw"), [(0.0, -9.0), (0.3, -4.0), (-1.0, 0.0), (1.2, -2.0)])
def test_sixteen_bits_are_a_distribution_without_a_sum_over_it(location, raw, float64):
    likelihood = likelihoods.named("discretised-logistic", np.array([[0], [40_000]], np.uint16))
    assert likelihood.levels == 65_536
    outputs, every = jnp.array([location, raw]), np.arange(65_536.0)
    log_p = np.asarray(jax.jit(jax.vmap(lambda x: likelihood(outputs).log_prob(x)))(jnp.asarray(every[:, None])))
    assert np.exp(log_p).sum() == pytest.approx(1.0, abs=1e-9)
    assert float(likelihood(outputs).mean[0]) == pytest.approx(np.exp(log_p) @ every, abs=1e-4)
    with jax.enable_x64(False):
        single = likelihood(outputs.astype(jnp.float32)).log_prob(jnp.array([19_661.0], jnp.float32))
    assert float(single) == pytest.approx(log_p[19_661], abs=2e-3)


@jax.jit
def slopes_of_a_level(parameters, x):
    return jax.value_and_grad(lambda each: LogisticLevels(*each, levels=256).log_prob(x))(parameters)


@pytest.mark.parametrize("level", [0.0, 1.0, 128.0, 254.0, 255.0])
def test_a_level_keeps_its_digits_and_its_slopes(level):
    """In float32, against three thousand digits: in a tail, in an end level, with a wide scale and a narrow one."""
    for loc, scale in ((127.5, 0.02), (127.5, 3.0), (-30.0, 4.0), (300.0, 5.0), (100.0, 3000.0), (level, 0.7)):
        value, found = slopes_of_a_level((jnp.float32(loc), jnp.float32(scale)), jnp.float32(level))
        with mpmath.workdps(3000):

            def log_p(loc, scale):
                cut = lambda at: 1 / (1 + mpmath.exp(-(at - loc) / scale))  # noqa: E731
                upper = 1 if level == 255 else cut(mpmath.mpf(level + 0.5))
                return mpmath.log(upper - (0 if level == 0 else cut(mpmath.mpf(level - 0.5))))

            point = (mpmath.mpf(float(np.float32(loc))), mpmath.mpf(float(np.float32(scale))))
            slopes = [float(mpmath.diff(log_p, point, order)) for order in ((1, 0), (0, 1))]
            exact = float(log_p(*point))
        assert float(value) == pytest.approx(exact, rel=2e-6, abs=2e-6)
        np.testing.assert_allclose(found, slopes, rtol=2e-5, atol=1e-5 * max(map(abs, slopes)) + 1e-7)


def test_the_end_bins_hold_the_tails():
    far = likelihoods.DiscretisedLogistic(1, levels=256)(jnp.array([40.0, 0.0]))
    assert float(far.log_prob(jnp.array([255]))) == pytest.approx(0.0, abs=1e-6)
    assert float(far.log_prob(jnp.array([0]))) < -200
