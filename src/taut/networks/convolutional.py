"""Convolutional networks: from an image to a vector, and back."""

import itertools
import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from taut.errors import OptionError
from taut.networks.convolution import Windows, convolve, convolve_transposed
from taut.networks.perceptron import Perceptron
from taut.shapes import RandomKey


class ConvolutionalEncoder(eqx.Module):
    """Convolutions with SiLU after each, then one linear layer: from the pixels of an image to `outputs` numbers.

    `shape` is (height, width, channels) of the image, whose numbers stand row by row, the channels of a pixel side by
    side; a grey image has one channel. Each convolution pads the edges with zeros ('same') and divides height and width
    by `stride`, rounded up. Where `stride` divides `kernel`, each pixel is seen by equally many windows, which keeps
    chessboards out of what the decoder draws. Weights start as uniform Glorot draws, biases at zero.

    Raises OptionError where a size is not positive or there are no `channels`.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> ConvolutionalEncoder((8, 8, 3), 5, channels=(4, 6), key=jr.key(0))(jnp.ones(8 * 8 * 3)).shape
    (5,)

    References: Odena et al. 2016, Deconvolution and checkerboard artifacts, Distill.
    """

    weights: tuple[Float[Array, "_ _"], ...]
    biases: tuple[Float[Array, "_"], ...]
    last: Perceptron
    windows: tuple[Windows, ...] = eqx.field(static=True)

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        *,
        channels: tuple[int, ...] = (32, 64),
        kernel: int = 4,
        stride: int = 2,
        key: RandomKey,
    ):
        plan = _planned(shape, channels, kernel, stride)
        weights_key, last_key = jr.split(key)
        self.windows = plan.windows
        self.weights, self.biases = _layers(plan, plan.channels[1:], weights_key)
        self.last = Perceptron(plan.numbers, outputs, hidden=(), key=last_key)

    def __call__(self, x: Float[Array, "pixels"]) -> Float[Array, "outputs"]:
        """The outputs for one image."""
        h = x.reshape(self.windows[0].pixels, -1)
        for weight, bias, windows in zip(self.weights, self.biases, self.windows, strict=True):
            h = jax.nn.silu(convolve(h, weight, windows) + bias[None])
        return self.last(h.reshape(-1))


class ConvolutionalDecoder(eqx.Module):
    """The way back: one linear layer, then transposed convolutions with SiLU between, to the pixels of an image.

    Arguments are as for `ConvolutionalEncoder`, `channels` in the same order, so that one is the mirror of the other.
    The last bias has a number for each pixel, `starting_outputs` where given: an output that starts at the mean of the
    data saves the first epochs.

    Raises OptionError where a size is not positive, there are no `channels`, or `starting_outputs` are not
    height·width·channels numbers.

    >>> import jax.numpy as jnp, jax.random as jr
    >>> ConvolutionalDecoder(5, (7, 9, 1), channels=(4, 6), key=jr.key(0))(jnp.ones(5)).shape
    (63,)
    """

    first: Perceptron
    weights: tuple[Float[Array, "_ _"], ...]
    biases: tuple[Float[Array, "_"], ...]
    windows: tuple[Windows, ...] = eqx.field(static=True)

    def __init__(
        self,
        inputs: int,
        shape: tuple[int, int, int],
        *,
        channels: tuple[int, ...] = (32, 64),
        kernel: int = 4,
        stride: int = 2,
        starting_outputs: Float[Array, "pixels"] | None = None,
        key: RandomKey,
    ):
        plan = _planned(shape, channels, kernel, stride)
        first_key, weights_key = jr.split(key)
        self.first = Perceptron(inputs, plan.numbers, hidden=(), key=first_key)
        weights, biases = _layers(plan, (math.prod(shape), *plan.channels[1:-1]), weights_key)
        if starting_outputs is not None:
            _check_starting_outputs(starting_outputs, shape)
            biases = (starting_outputs, *biases[1:])
        self.windows, self.weights, self.biases = plan.windows[::-1], weights[::-1], biases[::-1]

    def __call__(self, z: Float[Array, "inputs"]) -> Float[Array, "pixels"]:
        """The numbers of one image."""
        h = self.first(z).reshape(self.windows[0].number, -1)
        for weight, bias, windows in zip(self.weights, self.biases, self.windows, strict=True):
            h = convolve_transposed(jax.nn.silu(h), weight, windows)
            h = h + bias.reshape(-1, h.shape[1])
        return h.reshape(-1)


class _Plan(NamedTuple):
    """The layers from the image inwards: `channels` before and after each, `windows` of each."""

    channels: tuple[int, ...]
    windows: tuple[Windows, ...]

    @property
    def numbers(self) -> int:
        """Numbers behind the last convolution."""
        return self.windows[-1].number * self.channels[-1]


def _planned(shape: tuple[int, int, int], channels: tuple[int, ...], kernel: int, stride: int) -> _Plan:
    if not channels or min(*shape, *channels, kernel, stride) < 1:
        raise OptionError(
            "Convolutions want positive sizes and at least one number of channels; got "
            f"shape {shape}, channels {channels}, kernel {kernel}, stride {stride}; change them."
        )
    windows, (height, width) = [], shape[:2]
    for _ in channels:
        windows.append(Windows(height, width, kernel, stride))
        height, width = windows[-1].grid
    return _Plan((shape[2], *channels), tuple(windows))


def _check_starting_outputs(given: Float[Array, "pixels"], shape: tuple[int, int, int]) -> None:
    if given.shape != (math.prod(shape),):
        raise OptionError(
            f"`starting_outputs` want {math.prod(shape)} numbers for an image of {shape}; got shape {given.shape}; "
            "give one for each channel of each pixel."
        )


@eqx.filter_jit
def _layers(
    plan: _Plan, biases: tuple[int, ...], key: RandomKey
) -> tuple[tuple[Float[Array, "_ _"], ...], tuple[Float[Array, "_"], ...]]:
    """Weights, and biases of these sizes, by one program for all layers."""
    sides, keys = itertools.pairwise(plan.channels), jr.split(key, len(plan.windows))
    weights = [
        _glorot(near, far, windows.kernel**2, key)
        for (near, far), windows, key in zip(sides, plan.windows, keys, strict=True)
    ]
    return tuple(weights), tuple(jnp.zeros(size) for size in biases)


def _glorot(near: int, far: int, taps: int, key: RandomKey) -> Float[Array, "far inputs"]:
    """A kernel's taps count as inputs and as outputs."""
    edge = (6.0 / (taps * (near + far))) ** 0.5
    return jr.uniform(key, (far, taps * near), minval=-edge, maxval=edge)
