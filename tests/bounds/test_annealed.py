"""Bounds as functions of log-weights that are made by hand, against what they must be."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from taut.bounds import annealed_lower, annealed_upper, bridge, certified_lower, certified_upper
from taut.models import Finite
from tests.laws.instances import finite, rows_of

weights = st.lists(st.floats(-40, 5), min_size=2, max_size=6)


lower_of, upper_of, bridge_of = map(jax.jit, (annealed_lower, annealed_upper, bridge))
lowers, uppers, bridges = (jax.jit(jax.vmap(f)) for f in (annealed_lower, annealed_upper, bridge))


def walks(values):
    """Log-weights as arrays of numpy, which compile nothing for each of their lengths."""
    return np.array(values, np.float32)


def lognormal(rng, size, spread):
    """Log-weights of both directions that satisfy Crooks' relation with log Z = 0: N(∓s²/2, s²)."""
    return rng.normal(-(spread**2) / 2, spread, size), rng.normal(spread**2 / 2, spread, size)


def test_both_bounds_and_the_bridge_on_weights_whose_evidence_is_one():
    rng = np.random.default_rng(0)
    forward, reverse = lognormal(rng, (4000, 4), 1.0)
    f, r = jnp.asarray(forward, jnp.float32), jnp.asarray(reverse, jnp.float32)
    lower, upper, between = (np.asarray(v, np.float64) for v in (lowers(f), uppers(r, f), bridges(f, r)))
    assert lower.mean() < -0.05
    assert upper.mean() > 0.02
    assert abs(between.mean()) < 4 * between.std() / math.sqrt(4000)
    for values in (np.exp(lower), np.exp(-upper)):
        assert abs(values.mean() - 1) < 4 * values.std() / math.sqrt(4000)
    plain = -np.asarray(lowers(-r), np.float64)
    assert upper.mean() < plain.mean(), "forward partners tighten the upper bound"


@given(weights)
def test_with_equal_weights_everything_is_that_weight(values):
    level = walks([values[0]] * len(values))
    assert float(lower_of(level)) == pytest.approx(values[0], abs=1e-4)
    assert float(upper_of(level, level)) == pytest.approx(values[0], abs=1e-4)
    assert float(bridge_of(level, level)) == pytest.approx(values[0], abs=1e-4)


@given(weights)
def test_one_chain_leaves_the_reverse_weight_alone(values):
    one = walks(values[:1])
    assert float(upper_of(one, walks([99.0]))) == pytest.approx(values[0], abs=1e-5)


@given(weights, st.integers(0, 5))
def test_a_failed_walk_loosens_and_is_never_dropped(values, which):
    sound, failed = walks(values), walks(values)
    failed[which % len(values)] = np.nan
    rest = [v for i, v in enumerate(values) if i != which % len(values)]
    dropped = float(lower_of(walks(rest)))
    assert float(lower_of(failed)) == pytest.approx(dropped + math.log(len(rest) / len(values)), abs=1e-3)
    assert float(upper_of(failed, sound)) > float(upper_of(sound, sound)) - 1e-4
    assert not math.isnan(float(upper_of(failed, failed)))


def test_when_every_reverse_walk_failed_there_is_no_upper_bound():
    assert float(upper_of(walks([np.nan] * 3), walks([0.0] * 3))) == math.inf


@pytest.mark.parametrize("delta", [0.01, 0.1])
def test_a_finite_model_is_bracketed_with_the_promised_frequency(delta):
    """Importance weights from a wrong guide, and exact posterior draws: 300 data sets of two rows."""
    model: Finite = finite()
    states = np.asarray(model.log_joints(rows_of(model, 1)[0])).shape[0]
    rng = np.random.default_rng(1)
    data = np.asarray(rows_of(model, 600))
    joints = np.asarray(jax.jit(jax.vmap(model.log_joints))(jnp.asarray(data)), np.float64)
    truth = np.logaddexp.reduce(joints, axis=1)
    log_w = joints + math.log(states)  # under a uniform guide
    forward = np.take_along_axis(log_w, rng.integers(states, size=(600, 3)), axis=1)
    posterior = np.exp(joints - truth[:, None])
    exact = np.array([rng.choice(states, size=3, p=p / p.sum()) for p in posterior])
    reverse = np.take_along_axis(log_w, exact, axis=1)
    f, r = jnp.asarray(forward, jnp.float32), jnp.asarray(reverse, jnp.float32)
    lower, upper = np.asarray(lowers(f)).reshape(300, 2), np.asarray(uppers(r, f))
    means = truth.reshape(300, 2).mean(axis=1)
    below = np.array([certified_lower(row, delta=delta).value for row in lower])
    above = np.array([certified_upper(row, delta=delta).value for row in upper.reshape(300, 2)])
    for violations in (np.sum(below > means), np.sum(above < means)):
        assert stats.binomtest(int(violations), 300, delta, alternative="greater").pvalue > 1e-3
    assert lower.mean() < truth.mean() - 0.02
    assert upper.mean() > truth.mean() + 0.01


def test_margins_shrink_with_the_rows():
    assert certified_upper(np.zeros(1000), delta=0.01).value == pytest.approx(math.log(100) / 1000)
    assert certified_lower(np.zeros(1000), delta=0.01).value == pytest.approx(-math.log(100) / 1000)
