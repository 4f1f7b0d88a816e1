"""Networks: from a vector to a vector, one datum at a time."""

from taut.networks.convolutional import ConvolutionalDecoder, ConvolutionalEncoder
from taut.networks.inputs import Beside, CellInputs, OneHot, Standardise
from taut.networks.perceptron import Perceptron
from taut.networks.skipping import Skipping

__all__ = [
    "Beside",
    "CellInputs",
    "ConvolutionalDecoder",
    "ConvolutionalEncoder",
    "OneHot",
    "Perceptron",
    "Skipping",
    "Standardise",
]
