"""Logarithms against numpy in double precision, at the ends where the plain form breaks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from taut.numerics import inverse_softplus, log_diff_sigmoid, log_mean_exp

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
