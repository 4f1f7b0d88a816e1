"""A digest of a model and its guide."""

import hashlib

import numpy as np

from taut.fitting import named_arrays
from taut.guides import AbstractGuide
from taut.models import AbstractModel


def model_digest(model: AbstractModel, guide: AbstractGuide) -> str:
    """SHA-256 over the names and bytes of all arrays of both, in the order of the names."""
    total = hashlib.sha256()
    for name, array in sorted(named_arrays((model, guide)).items()):
        total.update(name.encode())
        total.update(np.asarray(array, order="C").tobytes())
    return total.hexdigest()
