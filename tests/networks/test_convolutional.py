"""Convolutional networks against the convolutions of XLA, which compute them another way."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jax import lax

import taut
from taut import guides, likelihoods, models, networks
from taut.errors import OptionError
from taut.networks.convolution import Windows, convolve, convolve_transposed

# Height and width even and odd, windows that overlap, touch and leave gaps, and one wider than the image.
WINDOWS = [
    Windows(6, 8, kernel=3, stride=2),
    Windows(7, 5, kernel=4, stride=2),
    Windows(5, 6, kernel=2, stride=3),
    Windows(2, 3, kernel=5, stride=1),
]
NEAR, FAR = 3, 4


def transposed_by_lax(y, weight, windows):
    """The transpose of that, which JAX derives."""
    image = jax.ShapeDtypeStruct((windows.pixels, weight.shape[1] // windows.kernel**2), y.dtype)
    return jax.linear_transpose(lambda x: by_lax(x, weight, windows), image)(y)[0]


def by_lax(x, weight, windows):
    """One image, by `lax.conv_general_dilated`."""
    kernel = weight.reshape(weight.shape[0], windows.kernel, windows.kernel, -1).transpose(1, 2, 3, 0)
    image = x.reshape(1, windows.height, windows.width, -1)
    steps = (windows.stride, windows.stride)
    out = lax.conv_general_dilated(image, kernel, steps, "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return out.reshape(windows.number, -1)


def arrays(windows, key, *front):
    shapes = (*front, windows.pixels, NEAR), (FAR, windows.kernel**2 * NEAR), (*front, windows.number, FAR)
    return [jr.normal(each, shape) for each, shape in zip(jr.split(key, 3), shapes, strict=True)]


@pytest.mark.parametrize("windows", WINDOWS, ids=str)
def test_values_and_gradients_of_a_batch_equal_those_of_lax(windows, key, float64):
    x, weight, y = arrays(windows, key, 2)

    def form(convolution):
        return lambda rows, weight: jnp.sum(jnp.sin(jax.vmap(convolution, (0, None))(rows, weight)))

    for ours, theirs, rows in ((convolve, by_lax, x), (convolve_transposed, transposed_by_lax, y)):
        mine, other = (
            jax.jit(jax.value_and_grad(form(functools.partial(each, windows=windows)), (0, 1)))(rows, weight)
            for each in (ours, theirs)
        )
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10), mine, other)


def test_where_the_stride_divides_the_image_it_is_the_transposed_convolution_of_lax(key):
    windows = Windows(6, 8, kernel=3, stride=2)
    _, weight, y = arrays(windows, key)
    kernel = weight.reshape(FAR, 3, 3, NEAR).transpose(1, 2, 3, 0)
    out = lax.conv_transpose(y.reshape(1, 3, 4, FAR), kernel, (2, 2), "SAME", transpose_kernel=True)
    np.testing.assert_allclose(convolve_transposed(y, weight, windows), out.reshape(48, NEAR), rtol=1e-5, atol=1e-5)


def test_every_order_of_derivatives_and_rows(key, float64):
    """The derivatives that walks and refinement take, and weights of several networks side by side."""
    windows = WINDOWS[0]
    x, weight, _ = arrays(windows, key, 2)
    weights = jnp.stack([weight, 2 * weight])

    def ours(x, w):
        return jnp.sum(jnp.sin(convolve_transposed(jnp.tanh(convolve(x, w, windows)), w, windows)))

    def theirs(x, w):
        middle = jnp.tanh(by_lax(x, w, windows))
        return jnp.sum(jnp.sin(transposed_by_lax(middle, w, windows)))

    def derivatives(f):
        def along(x):
            return jax.jvp(jax.grad(f), (x, weight), (jnp.cos(x), weight))[1]

        return jax.vmap(along)(x), jax.vmap(jax.grad(f, (0, 1)))(x, weights)

    mine, other = (jax.jit(lambda f=f: derivatives(f))() for f in (ours, theirs))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9), mine, other)


def test_networks_equal_layers_of_lax(key):
    shape = (7, 6, 3)
    encoder = networks.ConvolutionalEncoder(shape, 5, channels=(4, 6), key=key)
    x = jr.normal(key, (7 * 6 * 3,))
    decoder = networks.ConvolutionalDecoder(5, shape, channels=(4, 6), starting_outputs=x, key=key)
    assert [windows.grid for windows in decoder.windows] == [(2, 2), (4, 3)]

    @jax.jit
    def encoded(x):
        h = x.reshape(42, 3)
        for weight, bias, windows in zip(encoder.weights, encoder.biases, encoder.windows, strict=True):
            h = jax.nn.silu(by_lax(h, weight, windows) + bias[None])
        return encoder.last(h.reshape(-1))

    @jax.jit
    def decoded(z):
        h = decoder.first(z).reshape(4, 6)
        for weight, windows in zip(decoder.weights, decoder.windows, strict=True):
            h = transposed_by_lax(jax.nn.silu(h), weight, windows)
        return h.reshape(-1) + x

    z = eqx.filter_jit(encoder)(x)
    np.testing.assert_allclose(z, encoded(x), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(eqx.filter_jit(decoder)(z), decoded(z), rtol=1e-5, atol=1e-5)


def test_both_enter_a_fit(key):
    shape, rows = (4, 4, 1), np.tile(np.array([[0] * 16, [1] * 16], np.uint8), (10, 1))
    decoder = networks.ConvolutionalDecoder(2, shape, channels=(3,), key=key)
    model = models.LatentVariableModel(
        prior=models.standard_normal(2), decoder=decoder, likelihood=likelihoods.Bernoulli(16)
    )
    encoder = networks.ConvolutionalEncoder(shape, 4, channels=(3,), key=key)
    guide = guides.GaussianEncoder(16, 2, network=encoder, key=key)
    run = taut.fit(model, guide, rows, key=key, plan=taut.Plan(epochs=160, batch_size=10, learning_rate=3e-2))
    assert run.history[-1].train > -4.0 > run.history[0].train  # log 2 is the entropy of the two rows


def test_sizes_that_make_no_sense_are_refused(key):
    with pytest.raises(OptionError, match="positive sizes"):
        networks.ConvolutionalEncoder((4, 0, 1), 2, key=key)
    with pytest.raises(OptionError, match="positive sizes"):
        networks.ConvolutionalDecoder(2, (4, 4, 1), channels=(), key=key)
    with pytest.raises(OptionError, match=r"16 numbers for an image of .* got shape \(15,\)"):
        networks.ConvolutionalDecoder(2, (4, 4, 1), starting_outputs=jnp.zeros(15), key=key)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (lambda x: x[:3], r"4 outputs, as a vector; got shape \(3,\)"),
        (lambda x: x[:4].reshape(2, 2), r"got shape \(2, 2\)"),
        (lambda x: x[0], r"got shape \(\)"),
        (lambda x: (x[:2], x[2:4]), "got no array"),
        (lambda x: jnp.ones((4, 9)) @ x, "takes a vector of 16 numbers"),
    ],
)
def test_a_guide_refuses_a_network_of_other_shapes(network, said, key):
    with pytest.raises(OptionError, match=said):
        guides.GaussianEncoder(16, 2, network=network, key=key)
