"""Networks: from a vector to a vector, one datum at a time."""

from taut.networks.convolutional import ConvolutionalDecoder, ConvolutionalEncoder
from taut.networks.inputs import CellInputs, OneHot, Standardise, WithCovariates
from taut.networks.perceptron import Perceptron
from taut.networks.linear_skip import LinearSkip

__all__ = [
    "CellInputs",
    "ConvolutionalDecoder",
    "ConvolutionalEncoder",
    "LinearSkip",
    "OneHot",
    "Perceptron",
    "Standardise",
    "WithCovariates",
]
