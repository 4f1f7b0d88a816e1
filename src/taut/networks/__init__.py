"""Networks: from a vector to a vector, one datum at a time."""

from taut.networks.inputs import Beside, CellInputs, OneHot, Standardise
from taut.networks.perceptron import Perceptron
from taut.networks.skipping import Skipping

__all__ = ["Beside", "CellInputs", "OneHot", "Perceptron", "Skipping", "Standardise"]
