"""Convolutions as matrix products: on a CPU those of XLA are slow, slowest inside a compiled loop.

One trilinear form T(x, w, y) = Σ patches(x) · w · y has three derivatives, each linear in the other two arguments: the
convolution of x (by y), its transpose (by x), and the gradient of the weights (by w). Each is a primitive whose
derivatives are the other two, so that every order of `grad`, `jvp` and `vmap` ends in the same products, of all rows at
once.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float, Int


class Windows(NamedTuple):
    """Square windows of `kernel` pixels a side, `stride` apart, on an image whose edges are padded with zeros ('same').

    There are ⌈height / stride⌉ × ⌈width / stride⌉ of them. Pixels and windows are numbered row by row.

    >>> windows = Windows(height=5, width=4, kernel=3, stride=2)
    >>> windows.grid, windows.seen[0].tolist()
    ((3, 2), [-1, -1, -1, 0, 1, 2, 4, 5, 6])
    """

    height: int
    width: int
    kernel: int
    stride: int

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        return -(-self.height // self.stride), -(-self.width // self.stride)

    @property
    def pixels(self) -> int:
        """Pixels of the image."""
        return self.height * self.width

    @property
    def number(self) -> int:
        """How many windows there are."""
        return self.grid[0] * self.grid[1]

    @property
    def seen(self) -> Int[np.ndarray, "windows taps"]:
        """The pixel under each tap of each window; −1 outside the image."""
        return _seen(self)

    @property
    def seen_by(self) -> Int[np.ndarray, "pixels most"]:
        """For each pixel the places in `seen` (flat) that hold it; −1 where there are fewer than the most."""
        return _seen_by(self)


def patches(x: Float[Array, "*batch pixels channels"], windows: Windows) -> Float[Array, "*batch windows inputs"]:
    """What each window sees, tap after tap, the channels of a pixel side by side."""
    taken = _rows(x, windows.seen.reshape(-1))
    return taken.reshape(*x.shape[:-2], windows.number, -1)


def overlaid(y: Float[Array, "*batch windows inputs"], windows: Windows) -> Float[Array, "*batch pixels channels"]:
    """The transpose of `patches`: what the windows say of each pixel, summed.

    A sum of gathers: the transpose that JAX derives, a scatter, is a slow loop on a CPU.
    """
    taps = y.reshape(*y.shape[:-2], windows.seen.size, -1)
    return sum((_rows(taps, places) for places in windows.seen_by.T[1:]), _rows(taps, windows.seen_by[:, 0]))


def _rows(x: Float[Array, "*batch rows channels"], numbers: Int[np.ndarray, "n"]) -> Float[Array, "*batch n channels"]:
    """Rows by number; zeros for −1."""
    inside = (numbers >= 0).reshape(*(1 for _ in x.shape[:-2]), -1, 1)
    return jnp.where(inside, jnp.take(x, np.maximum(numbers, 0), axis=-2, mode="clip"), jnp.zeros((), x.dtype))


@functools.cache
def _seen(windows: Windows) -> Int[np.ndarray, "windows taps"]:
    rows, columns = (
        _along(size, windows.kernel, windows.stride) for size in (windows.height, windows.width)
    )  # each (windows along the side, taps along the side)
    row, column = rows[:, None, :, None], columns[None, :, None, :]
    inside = (row >= 0) & (row < windows.height) & (column >= 0) & (column < windows.width)
    pixel = np.where(inside, row * windows.width + column, -1)
    return pixel.reshape(windows.number, windows.kernel**2).astype(np.int32)


def _along(size: int, kernel: int, stride: int) -> Int[np.ndarray, "windows taps"]:
    count = -(-size // stride)
    before = max((count - 1) * stride + kernel - size, 0) // 2
    return (np.arange(count) * stride - before)[:, None] + np.arange(kernel)


@functools.cache
def _seen_by(windows: Windows) -> Int[np.ndarray, "pixels most"]:
    seen = windows.seen.reshape(-1)
    places = np.flatnonzero(seen >= 0)
    places = places[np.argsort(seen[places], kind="stable")]
    pixels = seen[places]
    counts = np.bincount(pixels, minlength=windows.pixels)
    table = np.full((windows.pixels, max(counts.max(), 1)), -1, np.int32)
    table[pixels, np.arange(len(pixels)) - (np.cumsum(counts) - counts)[pixels]] = places
    return table


def convolve(
    x: Float[Array, "*batch pixels channels"], weight: Float[Array, "outputs inputs"], windows: Windows
) -> Float[Array, "*batch windows outputs"]:
    """W · (what the window sees), for each window; the columns of W are ordered as `patches` are.

    >>> image, windows = jnp.arange(4.0).reshape(4, 1), Windows(2, 2, kernel=2, stride=2)
    >>> convolve(image, jnp.ones((1, 4)), windows).tolist()
    [[6.0]]
    """
    return _convolution.bind(*_promoted(x, weight), windows=windows)


def convolve_transposed(
    y: Float[Array, "*batch windows outputs"], weight: Float[Array, "outputs inputs"], windows: Windows
) -> Float[Array, "*batch pixels channels"]:
    """The transpose of `convolve` with the same weights: Wᵀ y laid over the image, window by window.

    >>> windows = Windows(2, 2, kernel=2, stride=2)
    >>> convolve_transposed(jnp.ones((1, 1)), jnp.arange(4.0).reshape(1, 4), windows)[:, 0].tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    return _transposed.bind(*_promoted(y, weight), windows=windows)


def _promoted(*arrays: Array) -> tuple[Array, ...]:
    dtype = jnp.result_type(*arrays)
    return tuple(jnp.asarray(array, dtype) for array in arrays)


def _convolve(x: Array, weight: Array, *, windows: Windows) -> Array:
    seen = patches(x, windows)
    return (_flat(seen) @ weight.T).reshape(*seen.shape[:-1], weight.shape[0])


def _convolve_transposed(y: Array, weight: Array, *, windows: Windows) -> Array:
    return overlaid((_flat(y) @ weight).reshape(*y.shape[:-1], weight.shape[1]), windows)


def _correlate(x: Array, y: Array, *, windows: Windows) -> Array:
    """The gradient of the weights, summed over all rows."""
    return _flat(y).T @ _flat(patches(x, windows))


def _flat(x: Array) -> Array:
    """All rows and windows as rows of one matrix."""
    return x.reshape(-1, x.shape[-1])


def _primitive(name: str, function: Callable[..., Array], by_row: bool) -> Primitive:
    """A primitive of `function`; `by_row`: its first argument may have any axes in front, which the result keeps."""
    primitive = Primitive(name)
    primitive.def_impl(jax.jit(function, static_argnames="windows"))

    def shape(a: Any, b: Any, *, windows: Windows) -> ShapedArray:
        out = jax.eval_shape(functools.partial(function, windows=windows), *(_struct(each) for each in (a, b)))
        return ShapedArray(out.shape, out.dtype)

    def batched(arguments: Any, axes: Any, *, windows: Windows) -> tuple[Array, int]:
        if by_row and not isinstance(axes[1], int):
            return primitive.bind(jnp.moveaxis(arguments[0], axes[0], 0), arguments[1], windows=windows), 0
        return jax.vmap(functools.partial(function, windows=windows), axes)(*arguments), 0

    primitive.def_abstract_eval(shape)
    batching.primitive_batchers[primitive] = batched
    mlir.register_lowering(primitive, mlir.lower_fun(function, multiple_results=False))
    return primitive


def _struct(aval: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype)


_convolution = _primitive("convolution_by_product", _convolve, by_row=True)
_transposed = _primitive("transposed_convolution_by_product", _convolve_transposed, by_row=True)
_correlation = _primitive("correlation_by_product", _correlate, by_row=False)

# What is transposed comes first, then the argument that is sought and the one that is known.
ad.defbilinear(
    _convolution,
    lambda y, x, weight, *, windows: _transposed.bind(y, weight, windows=windows),
    lambda y, x, weight, *, windows: _correlation.bind(x, y, windows=windows),
)
ad.defbilinear(
    _transposed,
    lambda x, y, weight, *, windows: _convolution.bind(x, weight, windows=windows),
    lambda x, y, weight, *, windows: _correlation.bind(x, y, windows=windows),
)
ad.defbilinear(
    _correlation,
    lambda weight, x, y, *, windows: _transposed.bind(y, weight, windows=windows),
    lambda weight, x, y, *, windows: _convolution.bind(x, weight, windows=windows),
)
