"""Laws of the likelihoods of columns: mass, mean, draws and information, each by another road."""

import functools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from taut import likelihoods as lk
from taut.data import Column
from tests.laws import checks
from tests.likelihoods.columns import CASES
from tests.quick import quick

# Other units and gates around counts have tests of their own.
ELSEWHERE = {"between other ends", "zero-inflated-poisson", "zero-inflated-negative-binomial"}
NAMES = quick(*sorted(set(CASES) - ELSEWHERE), of=sorted(CASES))
# Their information is bounded from above by that of data in which the gate or the component is seen.
BOUNDED = {"zero-inflated-poisson", "zero-inflated-negative-binomial", "mixture"}


def log_densities(case):
    at = jax.jit(jax.vmap(lambda eta, x: case.likelihood(eta).log_prob(x[None]), in_axes=(None, 0)))
    return lambda outputs: np.asarray(at(jnp.asarray(outputs, float), jnp.asarray(case.points, float)), np.float64)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_normalised_and_has_the_mean_that_it_says(name, float64):
    case = CASES[name]()
    log_p, mean_at = log_densities(case), jax.jit(lambda eta: case.likelihood(eta).mean)
    for outputs in case.outputs:
        mass = np.exp(log_p(outputs)) * case.volumes
        assert mass.sum() == pytest.approx(1.0, abs=2e-5)
        if name != "ordered-logit":  # codes have no mean
            mean = float(mean_at(jnp.asarray(outputs, float))[0])
            assert mean == pytest.approx(float(mass @ case.points), rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_its_distribution(name, key):
    case = CASES[name]()
    outputs = case.outputs[1]
    sampled = jax.jit(jax.vmap(lambda key: case.likelihood(jnp.array(outputs)).sample(key)))
    draws = np.asarray(sampled(jr.split(key, 20_000)), np.float64).ravel()
    order = np.argsort(case.points)
    below = np.cumsum((np.exp(log_densities(case)(outputs)) * case.volumes)[order])
    share = np.searchsorted(np.sort(draws), case.points[order], side="right") / len(draws)
    # Kolmogorov's distance; between two nodes of the grid the mass of one of them is in doubt.
    doubt = np.max(np.diff(below, prepend=0.0)) if not case.likelihood.discrete else 0.0
    assert np.max(np.abs(share - below)) < 2.5 / np.sqrt(len(draws)) + doubt


@pytest.mark.parametrize("name", NAMES)
def test_information_is_the_mean_square_of_the_score(name, float64):
    case = CASES[name]()

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(None, 0))
    def at(eta, x):
        value, score = jax.value_and_grad(lambda eta: case.likelihood(eta).log_prob(x[None]))(eta)
        return jnp.exp(value) * score[:, None] * score[None, :]

    whitened = jax.jit(lambda eta: jax.vmap(lambda t: case.likelihood.whitened(eta, t))(jnp.eye(len(eta))))
    for outputs in case.outputs:
        eta = jnp.asarray(outputs, float)
        terms = np.asarray(at(eta, jnp.asarray(case.points, float)))
        summed, root = np.einsum("nij,n->ij", terms, case.volumes), np.asarray(whitened(eta))
        if name in BOUNDED:
            assert np.linalg.eigvalsh(root @ root.T - summed).min() > -1e-6
        else:
            np.testing.assert_allclose(root @ root.T, summed, rtol=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_extreme_outputs_have_finite_gradients(name):
    case = CASES[name]()
    slope = jax.jit(jax.grad(lambda outputs, x: case.likelihood(outputs).log_prob(x)))
    whitened = jax.jit(lambda eta: case.likelihood.whitened(eta, jnp.ones_like(eta)))
    for size in (-60.0, 60.0):
        outputs = jnp.full(case.likelihood.outputs, size)
        for x in case.points[[0, len(case.points) // 2]]:
            assert np.isfinite(slope(outputs, jnp.array([x]))).all()
        assert np.isfinite(whitened(outputs)).all()


def test_a_log_normal_has_the_density_of_scipy(float64):
    q = lk.LogNormal(1, centre=jnp.array([1.0]), spread=jnp.array([0.5]))
    object.__setattr__(q, "raw_scale", jnp.array([0.3]))
    sigma = 0.5 * (np.log1p(np.exp(0.3)) + 1e-4)
    exact = stats.lognorm(sigma, scale=np.exp(1.0 + 0.5 * 0.7)).logpdf(3.3)
    assert float(q(jnp.array([0.7])).log_prob(jnp.array([3.3]))) == pytest.approx(exact, abs=1e-9)


@settings(max_examples=20)
@given(shift=st.floats(-1e3, 1e3), scale=st.floats(1e-2, 1e3))
def test_units_move_the_density_by_the_logarithm_of_the_scale(shift, scale):
    """A column in units c times smaller has a density c times smaller: the transform is inside the density."""
    rows = np.random.default_rng(0).normal(size=(50, 1))
    column = Column(name="a", kind="real", family="gaussian")
    here, there = lk.for_columns([column], rows), lk.for_columns([column], shift + scale * rows)
    x = float(rows[3, 0])
    densities = [
        float(start.likelihood(start.outputs + 0.3).log_prob(jnp.array([value])))
        for start, value in ((here, x), (there, shift + scale * x))
    ]
    assert densities[0] - densities[1] == pytest.approx(np.log(scale), abs=2e-2)


def test_it_starts_at_each_column_alone():
    draw = np.random.default_rng(1)
    values = np.column_stack([draw.integers(0, 3, 400), draw.poisson(4.0, 400), draw.integers(0, 2, 400)]).astype(float)
    values[draw.random(values.shape) < 0.3] = np.nan
    columns = [
        Column(name="a", kind="categorical", family="categorical", categories=["x", "y", "z"]),
        Column(name="b", kind="count", family="poisson"),
        Column(name="c", kind="binary", family="bernoulli", categories=["n", "y"]),
    ]
    start = lk.for_columns(columns, values)
    q = start.likelihood(start.outputs)
    for code in range(3):
        share = np.mean(values[~np.isnan(values[:, 0]), 0] == code)
        assert float(jnp.exp(q.by_entry(jnp.array([float(code), 0.0, 0.0]))[0])) == pytest.approx(share, abs=0.01)
    assert float(q.mean[1]) == pytest.approx(np.nanmean(values[:, 1]), abs=0.05)
    assert float(jnp.exp(q.by_entry(jnp.ones(3))[2])) == pytest.approx(np.nanmean(values[:, 2]), abs=0.01)


def test_blocks_are_put_in_their_places(key):
    mixed = lk.Mixed((lk.Bernoulli(2), lk.Poisson(1)), ((2, 0), (1,)))
    outputs = jnp.array([0.3, -0.2, 1.0])
    x = jnp.array([1.0, 4.0, 0.0])
    terms = [lk.Bernoulli(1)(outputs[1:2]).log_prob(x[:1]), lk.Poisson(1)(outputs[2:]).log_prob(x[1:2]),
             lk.Bernoulli(1)(outputs[:1]).log_prob(x[2:])]  # fmt: skip
    np.testing.assert_allclose(mixed(outputs).by_entry(x), terms, rtol=1e-6)
    means = [jax.nn.sigmoid(-0.2), jnp.exp(1.0), jax.nn.sigmoid(0.3)]
    np.testing.assert_allclose(mixed(outputs).mean, means, rtol=1e-5)
    assert mixed.owners.tolist() == [2, 0, 1]
    draws = jax.jit(jax.vmap(lambda key: mixed(outputs).sample(key)))(jr.split(key, 4000))
    checks.mean_is(draws, np.asarray(mixed(outputs).mean))
