"""The Fisher information about the outputs, against E[(∇_η log p(x) · t)²] summed or integrated over x."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import mpmath
import numpy as np
import pytest

from taut import likelihoods
from taut.likelihoods.grey import DiscretisedLogistic
from tests.laws import checks
from tests.laws.instances import LIKELIHOODS, each_likelihood, nodes
from tests.quick import quick

EXTREMES = (-60.0, -1e-3, 0.0, 60.0)
INFLATED = sorted(name for name in LIKELIHOODS if name.startswith("zero-inflated"))
CLOSED = each_likelihood(but=["discretised-logistic", "logistic-mixture", *INFLATED])


@eqx.filter_jit
@functools.partial(eqx.filter_vmap, in_axes=(None, None, 0))
def squared_score(likelihood, outputs, x):
    value, score = jax.value_and_grad(lambda outputs: likelihood(outputs).log_prob(x[None]))(outputs)
    return jnp.exp(value) * score[:, None] * score[None, :]


def summed_information(likelihood, outputs, points, volumes):
    """Σ_x p(x) ∇ log p(x) ∇ log p(x)ᵀ over points of one entry: the definition, by another road."""
    return np.einsum("nij,n->ij", np.asarray(squared_score(likelihood, outputs, jnp.asarray(points, float))), volumes)


@eqx.filter_jit
def information_of(likelihood, outputs):
    root = jax.vmap(lambda t: likelihood.whitened(outputs, t))(jnp.eye(likelihood.outputs))
    return root @ root.T


def information(likelihood, outputs):
    """F itself, from whitened basis vectors."""
    return np.asarray(information_of(likelihood, outputs))


def with_parts_off_their_start(likelihood):
    """Learned scales and tails moved, so that a formula which holds at the start alone is seen."""
    names = ("raw_scale", "raw_freedom", "raw_concentration")
    moved = {name: getattr(likelihood, name) - 0.7 for name in names if getattr(likelihood, name, None) is not None}
    for name, value in moved.items():
        object.__setattr__(likelihood, name, value)
    return likelihood


@pytest.mark.parametrize("name", CLOSED)
def test_information_is_the_mean_square_of_the_score(name, float64):
    case = LIKELIHOODS[name]
    likelihood = with_parts_off_their_start(likelihoods.named(name, case.data))
    points, volumes = nodes(case)
    for outputs in case.outputs:
        eta = jnp.asarray(outputs, float)
        expected = summed_information(likelihood, eta, points, volumes)
        np.testing.assert_allclose(information(likelihood, eta), expected, rtol=1e-5, atol=1e-7)


def test_information_with_the_component_seen_is_no_less_than_without(float64):
    likelihood = likelihoods.LogisticMixture(1, components=2)
    for outputs in ((0.0, 1.0, -0.3, 0.3, -1.0, -0.5), (0.0, 0.0, -0.1, 0.1, 0.0, -1.0)):
        eta = jnp.asarray(outputs)
        found = information(likelihood, eta)
        lost = found - summed_information(likelihood, eta, np.arange(256.0), np.ones(256))
        assert np.linalg.eigvalsh(lost).min() > -0.01 * np.linalg.eigvalsh(found).max()


@pytest.mark.parametrize("name", quick("zero-inflated-poisson", of=INFLATED))
def test_information_with_the_gate_seen_is_no_less_than_without(name, float64):
    case = LIKELIHOODS[name]
    likelihood = likelihoods.named(name, case.data)
    points, volumes = nodes(case)
    for outputs in case.outputs:
        eta = jnp.asarray(outputs, float)
        lost = information(likelihood, eta) - summed_information(likelihood, eta, points, volumes)
        assert np.linalg.eigvalsh(lost).min() > -1e-6


@pytest.mark.parametrize("name", CLOSED)
def test_information_of_a_datum_is_that_of_its_draws(name, key):
    """Several entries at once and any direction, by draws: no entry may borrow from another."""
    data = np.repeat(LIKELIHOODS[name].data, 3, axis=1)
    likelihood = likelihoods.named(name, data)
    outputs = 0.8 * jnp.sin(jnp.arange(1.0, likelihood.outputs + 1))
    tangent = jnp.cos(2.0 * jnp.arange(1.0, likelihood.outputs + 1))

    @jax.jit
    @jax.vmap
    def squared_slope(key):
        x = likelihood(outputs).sample(key).astype(float)
        return jnp.dot(jax.grad(lambda outputs: likelihood(outputs).log_prob(x))(outputs), tangent) ** 2

    checks.mean_is(squared_slope(jr.split(key, 50_000)), jnp.sum(likelihood.whitened(outputs, tangent) ** 2))


@pytest.mark.parametrize("eta", [0.0, 1e-4, 0.05, 0.49, 0.51, -1.0, 7.0, -40.0, 300.0])
def test_information_of_a_share_keeps_its_digits(eta):
    """A''(η) with forty digits; in float32 the difference of its two terms is zero near η = 0."""
    with mpmath.workdps(40):
        exact = mpmath.mpf(1) / 12 if eta == 0 else 1 / mpmath.mpf(eta) ** 2 - 1 / (4 * mpmath.sinh(eta / 2) ** 2)
    likelihood = likelihoods.ContinuousBernoulli(1)
    assert information(likelihood, jnp.array([eta]))[0, 0] == pytest.approx(float(exact), rel=1e-5)


@pytest.mark.parametrize("location", [0.0, -0.5, 0.97, 1.5, -2.0])
@pytest.mark.parametrize(("raw_scale", "tolerance"), [(-2.85, 0.08), (-1.0, 0.01), (0.0, 1e-3), (2.0, 1e-3)])
def test_information_about_a_grey_location_is_close(location, raw_scale, tolerance, float64):
    """Scales of one level and above, locations in the middle and beyond an end, where the tails tell little."""
    likelihood, outputs = DiscretisedLogistic(1, levels=256), jnp.array([location, raw_scale])
    expected = summed_information(likelihood, outputs, np.arange(256.0), np.ones(256))
    assert information(likelihood, outputs)[0, 0] == pytest.approx(expected[0, 0], rel=tolerance)


@pytest.mark.parametrize("location", [0.0, -0.5, 0.9])
@pytest.mark.parametrize("raw_scale", [-2.85, -1.0, 0.0])
def test_information_about_a_grey_scale_is_of_the_right_size(location, raw_scale, float64):
    likelihood, outputs = DiscretisedLogistic(1, levels=256), jnp.array([location, raw_scale])
    expected = summed_information(likelihood, outputs, np.arange(256.0), np.ones(256))
    seen = information(likelihood, outputs)
    assert seen[1, 1] == pytest.approx(expected[1, 1], rel=0.05 if abs(location) < 0.9 else 0.5)
    assert seen[0, 1] == 0


def test_few_levels_do_not_break_a_grey_location(float64):
    """With two levels both cuts are one; far beyond, what is left of the information is tiny and not negative."""
    for levels, location in ((2, 0.0), (2, 30.0), (3, -30.0)):
        likelihood, outputs = DiscretisedLogistic(1, levels=levels), jnp.array([location, 0.0])
        seen = information(likelihood, outputs)
        assert np.all(np.isfinite(seen))
        assert np.all(np.diag(seen) > 0)


@pytest.mark.parametrize("name", each_likelihood())
def test_it_is_finite_at_extremes_and_has_a_gradient(name):
    likelihood = likelihoods.named(name, LIKELIHOODS[name].data)
    length = jax.jit(jax.value_and_grad(lambda outputs: jnp.sum(likelihood.whitened(outputs, jnp.ones_like(outputs)))))
    for size in EXTREMES:
        value, gradient = length(jnp.full(likelihood.outputs, size))
        assert value.dtype == jnp.float32
        assert np.isfinite(value), f"{value} at outputs {size}"
        assert np.all(np.isfinite(gradient)), f"gradient {gradient} at outputs {size}"


@pytest.mark.parametrize("name", each_likelihood())
def test_it_is_linear_in_the_direction(name):
    likelihood = likelihoods.named(name, np.repeat(LIKELIHOODS[name].data, 2, axis=1))
    outputs, basis = jnp.full(likelihood.outputs, 0.3), jnp.eye(likelihood.outputs)
    whitened = eqx.filter_jit(likelihood.whitened)
    columns = jax.vmap(lambda t: whitened(outputs, t), out_axes=1)(basis)
    direction = jnp.arange(1.0, likelihood.outputs + 1)
    np.testing.assert_allclose(columns @ direction, whitened(outputs, direction), rtol=1e-5, atol=1e-5)


def test_a_direction_that_moves_no_probability_has_no_length():
    likelihood = likelihoods.Categorical(2, classes=3)
    same = jnp.array([1.0, 1.0, 1.0, -4.0, -4.0, -4.0])
    np.testing.assert_allclose(likelihood.whitened(jnp.arange(6.0), same), np.zeros(6), atol=1e-6)
