"""Logarithms against numpy in double precision, at the ends where the plain form breaks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from taut.numerics import bernoulli_log_prob, inverse_softplus, log_diff_sigmoid, log_mean_exp

FINITE = st.floats(-300, 300, width=32)


@given(st.lists(FINITE, min_size=6, max_size=6))
def test_log_mean_exp_equals_scipy(values):
    expected = special.logsumexp(np.array(values, np.float64)) - np.log(6)
    assert float(log_mean_exp(jnp.array(values))) == pytest.approx(expected, rel=1e-5, abs=1e-4)


@given(st.lists(FINITE, min_size=6, max_size=6), FINITE)
def test_log_mean_exp_moves_with_a_shift_and_lies_between_mean_and_maximum(values, shift):
    a = jnp.array(values)
    value = float(log_mean_exp(a))
    assert float(log_mean_exp(a + shift)) == pytest.approx(value + shift, abs=1e-3)
    assert float(a.mean()) - 1e-3 <= value <= float(a.max()) + 1e-3


def test_dead_entries_count():
    a = jnp.array([0.0, -jnp.inf, -jnp.inf, -jnp.inf])
    assert float(log_mean_exp(a)) == pytest.approx(-np.log(4))
    np.testing.assert_allclose(jax.grad(log_mean_exp)(a), [1.0, 0.0, 0.0, 0.0])


def test_all_dead_has_a_value_and_a_finite_gradient():
    value, gradient = jax.value_and_grad(log_mean_exp)(jnp.full(4, -jnp.inf))
    assert value == -jnp.inf
    np.testing.assert_array_equal(gradient, np.zeros(4))


def test_what_is_no_number_is_not_dropped():
    assert jnp.isnan(log_mean_exp(jnp.array([0.0, jnp.nan, -jnp.inf])))
    assert log_mean_exp(jnp.array([0.0, jnp.inf])) == jnp.inf


def test_log_mean_exp_in_both_precisions():
    a = np.random.default_rng(0).normal(size=1000) * 5 - 1000
    with jax.enable_x64(True):
        double = float(log_mean_exp(jnp.asarray(a)))
    assert float(log_mean_exp(jnp.asarray(a, jnp.float32))) == pytest.approx(double, abs=1e-3)


@pytest.mark.parametrize("y", [1e-6, 1e-3, 0.5, 1.0, 20.0, 500.0])
def test_inverse_softplus_undoes_softplus(y):
    assert float(jax.nn.softplus(inverse_softplus(jnp.array(y)))) == pytest.approx(y, rel=1e-5)
    assert jnp.isfinite(jax.grad(inverse_softplus)(jnp.array(y)))


@pytest.mark.parametrize("lower", [-80.0, -5.0, 0.0, 5.0, 60.0])
@pytest.mark.parametrize("gap", [1e-2, 1.0, 30.0])
def test_log_diff_sigmoid_keeps_its_digits_in_both_tails(lower, gap, float64):
    from mpmath import exp, log, mp, mpf

    mp.dps = 60

    def sigmoid(a):
        return 1 / (1 + exp(-mpf(a)))

    expected = float(log(sigmoid(lower + gap) - sigmoid(lower)))
    assert float(log_diff_sigmoid(jnp.array(lower + gap), jnp.array(lower))) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("upper", "lower", "expected"),
    [
        (np.inf, 3.0, special.log_expit(-3.0)),
        (3.0, -np.inf, special.log_expit(3.0)),
        (np.inf, -np.inf, 0.0),
    ],
)
def test_infinite_ends(upper, lower, expected):
    assert float(log_diff_sigmoid(jnp.array(upper), jnp.array(lower))) == pytest.approx(expected, abs=1e-6)
    for argument in (0, 1):
        assert not jnp.isnan(jax.grad(log_diff_sigmoid, argument)(jnp.array(upper), jnp.array(lower)))


# Fewer entries than share a logarithm, as many, one more, an image; of common size, extreme, and all but certain.
COINS = [(features, scale) for features in (1, 16, 17, 784) for scale in (0.1, 3.0, 1e4)]


def coins(features, scale):
    rng = np.random.default_rng(features)
    x, logits = rng.uniform(size=features) < 0.5, scale * rng.normal(size=features)
    return jnp.asarray(x, jnp.float32), jnp.asarray(logits, jnp.float32)


@pytest.mark.parametrize(("features", "scale"), COINS)
def test_zeros_and_ones_in_single_precision_are_those_of_numpy_in_double(features, scale):
    x, logits = coins(features, scale)
    exact = np.asarray(logits, np.float64)
    expected = np.sum(np.asarray(x) * exact - np.logaddexp(0.0, exact))
    value, slopes = jax.value_and_grad(bernoulli_log_prob, (0, 1))(x, logits)
    assert float(value) == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(slopes[0], logits)
    np.testing.assert_allclose(slopes[1], x - special.expit(exact), atol=2e-7)


def test_what_is_all_but_certain_keeps_its_digits():
    logits = jnp.full(784, -30.0)
    assert float(bernoulli_log_prob(jnp.zeros(784), logits)) == pytest.approx(-784 * np.exp(-30.0), rel=1e-5)


@pytest.mark.parametrize("features", [3, 20])
def test_zeros_and_ones_have_the_derivatives_of_softplus(features, float64):
    """First ones forward and backward, and second ones, at zero and far away too; one at a time and many."""
    x, logits = (jnp.asarray(part, float) for part in coins(features, 5.0))
    logits = logits.at[:2].set(jnp.array([0.0, 800.0]))

    def plain(x, logits):
        return jnp.sum(x * logits - jax.nn.softplus(logits))

    for derivative in (jax.grad, jax.jacfwd, jax.hessian):
        for arguments in (0, 1, (0, 1)):
            found, expected = (jax.jit(derivative(f, arguments))(x, logits) for f in (bernoulli_log_prob, plain))
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), found, expected)
    many = jnp.stack([logits, -logits])
    np.testing.assert_allclose(
        jax.jit(jax.vmap(bernoulli_log_prob, (None, 0)))(x, many),
        jax.jit(jax.vmap(plain, (None, 0)))(x, many),
        rtol=1e-12,
    )


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_logit_that_is_no_number_shows(broken):
    assert not np.isfinite(bernoulli_log_prob(jnp.zeros(3), jnp.array([0.0, broken, 0.0])))
