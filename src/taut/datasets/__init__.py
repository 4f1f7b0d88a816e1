"""Sets to try things on: bundled real ones, and synthetic ones whose truth is known."""

from taut.datasets.bundled import digits, digits_labels, penguins
from taut.datasets.loading import load
from taut.datasets.synthetic import linear_gaussian

__all__ = ["digits", "digits_labels", "linear_gaussian", "load", "penguins"]
