"""Waiting for the device in a way that Ctrl-C ends at once."""

import time
from typing import Any

import jax

__all__ = ["arrived"]

SHORTEST, LONGEST = 5e-5, 2e-2
# Of the time that was waited: no more than that is lost by looking too late.
SHARE = 1 / 32


def arrived(tree: Any) -> Any:
    """The same arrays, once they are computed.

    Python answers signals between its own steps. A wait inside JAX is one step, however long the computation.
    """
    began = time.monotonic()
    for leaf in jax.tree.leaves(tree):
        while isinstance(leaf, jax.Array) and not leaf.is_ready():  # pyright: ignore[reportAttributeAccessIssue]  each has it
            time.sleep(min(max(SHARE * (time.monotonic() - began), SHORTEST), LONGEST))
    return tree
