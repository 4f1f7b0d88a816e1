"""k̂ and the effective number of draws, at the edges where they must not flatter."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taut.weights import effective_sample_size, khat_threshold, pareto_khat

RNG = np.random.default_rng(0)
khat = jax.jit(pareto_khat)


@pytest.mark.parametrize(
    ("draws", "threshold"), [(100, 0.5), (320, 0.6), (1000, 0.667), (2200, 0.7), (10**6, 0.7), (5, 0)]
)
def test_thresholds_of_the_paper(draws, threshold):
    assert khat_threshold(draws) == pytest.approx(threshold, abs=0.01)


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.7, 1.0])
def test_khat_finds_the_tail_of_a_pareto(shape):
    log_w = shape * RNG.exponential(size=100_000)
    assert float(khat(jnp.asarray(log_w, jnp.float32))) == pytest.approx(shape, abs=0.1)


def test_khat_does_not_move_with_the_scale_of_the_weights():
    log_w = jnp.asarray(RNG.normal(size=2500), jnp.float32)
    assert float(khat(log_w)) == pytest.approx(float(khat(log_w - 300.0)), abs=1e-3)


@pytest.mark.parametrize(
    "log_w",
    [
        np.full(1000, -np.inf),
        np.where(np.arange(1000) == 3, np.nan, 0.0),
        np.where(np.arange(1000) == 3, np.inf, 0.0),
        np.where(np.arange(1000) == 3, 0.0, -np.inf),
        np.where(np.arange(1000) < 4, 5.0, 0.0),
        RNG.normal(size=20),
    ],
    ids=["all dead", "one is no number", "one infinite", "one alive", "four above a tie", "too few"],
)
def test_a_tail_that_cannot_be_judged_is_never_called_light(log_w):
    assert float(khat(jnp.asarray(log_w, jnp.float32))) == np.inf


@pytest.mark.parametrize("alive", [30, 100, 500])
def test_ties_with_the_cut_do_not_explode(alive):
    """Bounded weights, most of them zero: a light tail, whatever the number of ties."""
    log_w = np.full(2500, -np.inf)
    log_w[:alive] = np.log(RNG.random(alive))
    assert float(khat(jnp.asarray(log_w, jnp.float32))) < 0.5


def test_few_values_as_with_a_finite_latent():
    log_w = np.log(RNG.choice([0.5, 1.0, 1.4], 2500, p=[0.5, 0.45, 0.05]))
    assert float(khat(jnp.asarray(log_w, jnp.float32))) < 0.5


@given(st.lists(st.floats(-50, 50, width=32), min_size=8, max_size=8))
def test_effective_number_by_its_definition(values):
    w = np.exp(np.array(values, np.float64) - max(values))
    expected = w.sum() ** 2 / np.sum(w**2)
    assert float(effective_sample_size(jnp.array(values))) == pytest.approx(expected, rel=1e-4)
    assert 1 - 1e-5 <= expected <= 8 + 1e-5


def test_effective_number_of_nothing_and_of_the_living():
    assert float(effective_sample_size(jnp.full(9, -jnp.inf))) == 0
    assert float(effective_sample_size(jnp.array([0.0, 0.0, 0.0, -jnp.inf]))) == pytest.approx(3)
    assert jnp.isnan(effective_sample_size(jnp.array([0.0, jnp.nan])))


def test_reliability_in_both_precisions():
    log_w = 1.5 * RNG.normal(size=2500) - 800
    both = jax.jit(lambda log_w: (pareto_khat(log_w), effective_sample_size(log_w)))
    with jax.enable_x64(True):
        double = both(jnp.asarray(log_w))
    single = both(jnp.asarray(log_w, jnp.float32))
    np.testing.assert_allclose(single, double, rtol=2e-3)
