"""Networks against numpy, and what an encoder sees."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import networks


@pytest.mark.parametrize("hidden", [(), (4,), (5, 3)])
def test_perceptron_equals_numpy(hidden, key):
    net = networks.Perceptron(3, 2, hidden=hidden, key=key)
    x = np.array([0.5, -1.0, 2.0], np.float32)
    h = x.astype(np.float64)
    for number, layer in enumerate(net.layers):
        h = np.asarray(layer.weight, np.float64) @ h + np.asarray(layer.bias, np.float64)
        if number < len(net.layers) - 1:
            h = h / (1 + np.exp(-h))
    np.testing.assert_allclose(net(jnp.asarray(x)), h, rtol=1e-5, atol=1e-6)


def test_without_a_hidden_layer_it_is_linear(key):
    net = networks.Perceptron(3, 2, hidden=(), key=key)
    a, b = jr.normal(key, (2, 3))
    np.testing.assert_allclose(
        net(2 * a + b) - net(jnp.zeros(3)), 2 * net(a) + net(b) - 3 * net(jnp.zeros(3)), atol=1e-5
    )


def test_starting_outputs_are_the_outputs_at_zero(key):
    start = jnp.array([3.0, -2.0])
    np.testing.assert_array_equal(networks.Perceptron(3, 2, starting_outputs=start, key=key)(jnp.zeros(3)), start)


@pytest.mark.parametrize("hidden", [(4,), (5, 3)])
def test_residual_equals_numpy_and_starts_linear(hidden, key):
    start, x = jnp.array([3.0, -2.0]), np.array([0.5, -1.0, 2.0], np.float32)
    net = networks.Residual(3, 2, hidden=hidden, starting_outputs=start, key=key)
    np.testing.assert_array_equal(net(jnp.zeros(3)), start)
    np.testing.assert_allclose(net(jnp.asarray(2 * x)) - start, 2 * (net(jnp.asarray(x)) - start), rtol=1e-5)

    moved = jax.tree.map(lambda leaf: leaf + 0.1, net)

    def linear(layer, h):
        return np.asarray(layer.weight, np.float64) @ h + np.asarray(layer.bias, np.float64)

    h = linear(moved.first.layers[0], x)
    for block in moved.blocks:
        inside = linear(block.layers[0], (h - h.mean()) / np.sqrt(h.var() + 1e-5))
        h = h + linear(block.layers[1], inside / (1 + np.exp(-inside)))
    np.testing.assert_allclose(moved(jnp.asarray(x)), linear(moved.last.layers[0], h), rtol=1e-5, atol=1e-6)


def test_layers_start_with_different_glorot_draws(key):
    net = networks.Perceptron(300, 300, hidden=(300,), key=key)
    first, second = (np.asarray(layer.weight) for layer in net.layers)
    assert not np.allclose(first, second)
    for weight in (first, second):
        assert weight.std() == pytest.approx(np.sqrt(2 / 600), rel=0.02)


def test_standardise_and_its_logarithm_are_fixed():
    x = jnp.array([1.0, 3.0])
    seen = networks.Standardise(jnp.array([1.0, 1.0]), jnp.array([2.0, 4.0]))
    np.testing.assert_allclose(seen(x), [0.0, 0.5])
    counts = networks.Standardise(jnp.zeros(2), jnp.ones(2), logarithm=True)
    np.testing.assert_allclose(counts(jnp.array([0, 3])), np.log([1.0, 4.0]), rtol=1e-6)
    gradient = jax.grad(lambda seen: jnp.sum(seen(x)))(seen)
    assert not np.any(gradient.centre)
    assert not np.any(gradient.spread)


def test_one_hot_of_integers_and_floats():
    expected = [1, 0, 0, 0, 0, 1]
    np.testing.assert_array_equal(networks.OneHot(3)(jnp.array([0, 2])), expected)
    np.testing.assert_array_equal(networks.OneHot(3)(jnp.array([0.0, 2.0])), expected)
