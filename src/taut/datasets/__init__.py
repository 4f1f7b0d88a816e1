"""Sets to try things on: bundled real ones, and synthetic ones whose truth is known."""

from taut.datasets.bundled import NAMES, digits, digits_labels, penguins
from taut.datasets.loading import as_block, is_numbers, load, load_or_open, opened_where_large
from taut.datasets.synthetic import cells, linear_gaussian

__all__ = [
    "NAMES",
    "as_block",
    "cells",
    "digits",
    "digits_labels",
    "is_numbers",
    "linear_gaussian",
    "load",
    "load_or_open",
    "opened_where_large",
    "penguins",
]
