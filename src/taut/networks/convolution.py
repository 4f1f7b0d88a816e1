"""Convolutions as matrix products: on a CPU those of XLA are slow, slowest inside a compiled loop.

One trilinear form T(x, w, y) = Σ patches(x) · w · y has three derivatives, each linear in the other two arguments: the
convolution of x (by y), its transpose (by x), and the gradient of the weights (by w). Each is a primitive whose
derivatives are the other two, so that every order of `grad`, `jvp` and `vmap` ends in the same products, of all rows at
once.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float

from taut.networks.windows import Windows, overlaid, patches


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
