"""Networks: from a vector to a vector, one datum at a time."""

from taut.networks.by_name import DECODERS, ENCODERS, ByParameter, check_network
from taut.networks.convolutional import ConvolutionalDecoder, ConvolutionalEncoder
from taut.networks.flows import AbstractFlow, Autoregressive, Layers, SplineCoupling
from taut.networks.inputs import CellInputs, OneHot, Standardise, WithCovariates
from taut.networks.perceptron import LinearSkip, Perceptron
from taut.networks.residual import Residual

__all__ = [
    "DECODERS",
    "ENCODERS",
    "AbstractFlow",
    "Autoregressive",
    "ByParameter",
    "CellInputs",
    "ConvolutionalDecoder",
    "ConvolutionalEncoder",
    "Layers",
    "LinearSkip",
    "OneHot",
    "Perceptron",
    "Residual",
    "SplineCoupling",
    "Standardise",
    "WithCovariates",
    "check_network",
]
