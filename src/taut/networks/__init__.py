"""Networks: from a vector to a vector, one datum at a time."""

from taut.networks.by_name import DECODERS, ENCODERS, ByParameter, check_network
from taut.networks.convolutional import ConvolutionalDecoder, ConvolutionalEncoder
from taut.networks.inputs import CellInputs, OneHot, Standardise, WithCovariates
from taut.networks.perceptron import LinearSkip, Perceptron

__all__ = [
    "DECODERS",
    "ENCODERS",
    "ByParameter",
    "CellInputs",
    "ConvolutionalDecoder",
    "ConvolutionalEncoder",
    "LinearSkip",
    "OneHot",
    "Perceptron",
    "Standardise",
    "WithCovariates",
    "check_network",
]
