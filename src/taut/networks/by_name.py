"""Encoder and decoder networks by name, and what is asked of any other."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from taut.errors import OptionError
from taut.networks.convolutional import ConvolutionalDecoder, ConvolutionalEncoder
from taut.networks.perceptron import LinearSkip, Perceptron
from taut.networks.residual import Residual
from taut.parts import NamedPart, PartRegistry, said
from taut.shapes import RandomKey

ImageShape = tuple[int, ...] | None
Network = Callable[[Float[Array, "inputs"]], Float[Array, "outputs"]]
Owners = Int[np.ndarray, "outputs"]
WIDTHS, CHANNELS = (200, 200), (32, 64)


def check_network(network: Network, inputs: int, outputs: int, *, option: str) -> None:
    """Raise OptionError where a network does not take a vector of `inputs` numbers, or returns another one."""
    try:
        given = jax.eval_shape(network, jax.ShapeDtypeStruct((inputs,), jnp.result_type(float)))
    except Exception as error:
        reason = said(error)
        raise OptionError(
            f"`{option}` wants a network that takes a vector of {inputs} numbers; this one does not ({reason}); "
            "build one for as many.",
            option=option,
        ) from error
    shape = getattr(given, "shape", None)
    if shape != (outputs,):
        raise OptionError(
            f"`{option}` wants a network with {outputs} outputs, as a vector; got "
            f"{'no array' if shape is None else f'shape {shape}'}; build one with as many.",
            option=option,
        )


class ByParameter(eqx.Module):
    """A network whose outputs stand entry after entry, for a likelihood that wants them parameter after parameter."""

    network: eqx.Module
    entries: int = eqx.field(static=True)

    def __call__(self, h: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The same outputs, all first parameters before all second ones."""
        network: Any = self.network
        return network(h).reshape(self.entries, -1).T.reshape(-1)


def _perceptron_encoder(*widths: int, inputs: int, outputs: int, key: RandomKey, **_: Any) -> eqx.Module:
    return Perceptron(inputs, outputs, hidden=widths or WIDTHS, key=key)


def _residual_encoder(*widths: int, inputs: int, outputs: int, key: RandomKey, **_: Any) -> eqx.Module:
    return Residual(inputs, outputs, hidden=widths or WIDTHS, key=key)


def _linear_encoder(*, inputs: int, outputs: int, key: RandomKey, **_: Any) -> eqx.Module:
    return Perceptron(inputs, outputs, hidden=(), key=key)


def _convolutional_encoder(
    *channels: int, inputs: int, outputs: int, image_shape: ImageShape, key: RandomKey
) -> eqx.Module:
    shape = _image("encoder", image_shape, inputs)
    return ConvolutionalEncoder(shape, outputs, channels=channels or CHANNELS, key=key)


def _perceptron_decoder(*widths: int, image_shape: ImageShape, owners: Owners, **shapes: Any) -> eqx.Module:
    return Perceptron(hidden=widths or WIDTHS, **shapes)


def _residual_decoder(*widths: int, image_shape: ImageShape, owners: Owners, **shapes: Any) -> eqx.Module:
    return Residual(hidden=widths or WIDTHS, **shapes)


def _linear_decoder(*, image_shape: ImageShape, owners: Owners, **shapes: Any) -> eqx.Module:
    return Perceptron(hidden=(), **shapes)


def _skipping_decoder(*widths: int, image_shape: ImageShape, owners: Owners, **shapes: Any) -> eqx.Module:
    return LinearSkip(hidden=widths or WIDTHS, **shapes)


def _convolutional_decoder(
    *channels: int,
    inputs: int,
    outputs: int,
    image_shape: ImageShape,
    owners: Owners,
    starting_outputs: Float[Array, "outputs"],
    key: RandomKey,
) -> eqx.Module:
    shape = _image("decoder", image_shape, outputs)
    order, entries = np.argsort(owners, kind="stable"), int(owners.max()) + 1
    start = starting_outputs[order]
    decoder = ConvolutionalDecoder(inputs, shape, channels=channels or CHANNELS, starting_outputs=start, key=key)
    if np.array_equal(order, np.arange(outputs)):
        return decoder
    if outputs % entries or not np.array_equal(order, np.arange(outputs).reshape(-1, entries).T.reshape(-1)):
        raise OptionError(
            "`decoder` wants equally many outputs for each pixel to be convolutional; got a mixture of columns; choose "
            "another.",
            option="decoder",
        )
    return ByParameter(decoder, entries)


def _image(option: str, image_shape: ImageShape, numbers: int) -> tuple[int, int, int]:
    """Height, width, and numbers of a pixel. Raises OptionError where the numbers are those of no image."""
    if image_shape is None:
        raise OptionError(
            f"`{option}` wants images to be convolutional; got rows without a height and a width; choose another, such "
            "as perceptron.",
            option=option,
        )
    height, width = image_shape[:2]
    if numbers % (height * width) or numbers < math.prod(image_shape):
        raise OptionError(
            f"`{option}` wants nothing but the {height} × {width} pixels of an image to be convolutional; got "
            f"{numbers} numbers; leave out what is given beside them, or choose another.",
            option=option,
        )
    return height, width, numbers // (height * width)


ENCODERS = PartRegistry(
    "encoder",
    {
        "perceptron": NamedPart(_perceptron_encoder, "widths of hidden layers", most=20),
        "residual": NamedPart(_residual_encoder, "inner widths of blocks", most=50),
        "linear": NamedPart(_linear_encoder),
        "convolutional": NamedPart(_convolutional_encoder, "numbers of channels", most=20),
    },
    kind=eqx.Module,
)
"""Encoders that have a name, as an option of `VAE` and of the command line."""
DECODERS = PartRegistry(
    "decoder",
    {
        "perceptron": NamedPart(_perceptron_decoder, "widths of hidden layers", most=20),
        "residual": NamedPart(_residual_decoder, "inner widths of blocks", most=50),
        "linear": NamedPart(_linear_decoder),
        "linear-skip": NamedPart(_skipping_decoder, "widths of hidden layers", most=20),
        "convolutional": NamedPart(_convolutional_decoder, "numbers of channels", most=20),
    },
    kind=eqx.Module,
)
"""Decoders that have a name, as an option of `VAE` and of the command line."""
