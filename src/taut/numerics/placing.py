"""Arrays of the host and of the device."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def floats_on_device(values: np.ndarray | Array) -> Float[Array, "..."]:
    """These numbers as floats of the working precision, put there: `jnp.asarray` compiles a program for each shape.

    >>> floats_on_device(np.array([1, 2])).tolist()
    [1.0, 2.0]
    """
    return jax.device_put(np.asarray(values).astype(jnp.result_type(float)))


def take(tree: Any, rows: Any) -> Any:
    """These rows of every array of a tree, on the host: on the device each shape would be a compiled program.

    >>> take((np.array([1, 2, 3]), None), [2, 0])
    (array([3, 1]), None)
    """
    return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], tree)
