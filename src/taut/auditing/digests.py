"""A digest of a model and its guide."""

import hashlib

import equinox as eqx
import jax
import numpy as np

from taut.guides import AbstractGuide
from taut.models import AbstractModel


def model_digest(model: AbstractModel, guide: AbstractGuide) -> str:
    """SHA-256 over the names and bytes of all arrays of both."""
    leaves, _ = jax.tree.flatten_with_path(eqx.filter((model, guide), eqx.is_array))
    total = hashlib.sha256()
    for place, leaf in leaves:
        total.update(jax.tree_util.keystr(place).encode())
        total.update(np.ascontiguousarray(leaf).tobytes())
    return total.hexdigest()
