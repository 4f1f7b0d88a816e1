"""Arrays of a pytree on disk: named by their place in it, in safetensors, which holds nothing that can run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import numpyro.distributions as dist
from safetensors.numpy import load_file, save

from taut.errors import RunFolderError
from taut.files import written_whole
from taut.signing import UNREADABLE


def save_tensors(path: str | Path, tree: Any) -> None:
    """Write every array of `tree`, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_bytes(save(host_arrays(tree)))


def load_tensors(path: str | Path, like: Any) -> Any:
    """The pytree `like` with its arrays, or their shapes, replaced by the arrays in the file.

    Raises RunFolderError where the file is missing, damaged, or holds other names, shapes or dtypes.
    """
    try:
        stored = load_file(path)
    except UNREADABLE as error:
        raise RunFolderError(f"Wanted the arrays in `{path}`; reading them failed ({error}); fit again.") from None
    return filled(path, like, stored)


def host_arrays(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a pytree on the host, by their place in it."""
    return {name: np.asarray(leaf, order="C") for name, leaf in named_arrays(tree).items()}


def filled(path: str | Path, like: Any, stored: Mapping[str, Any]) -> Any:
    """As `load_tensors`, of the arrays that were read from `path`."""
    wanted = named_arrays(like)
    if difference := _difference(stored, wanted):
        raise RunFolderError(
            f"Wanted the arrays of this architecture; `{path}` holds others ({difference}); give the parts that were "
            "fitted, or fit again."
        )
    dynamic, static = eqx.partition(like, _is_array)
    leaves = jax.tree.structure(dynamic).unflatten(jax.device_put([stored[name] for name in wanted]))
    return eqx.combine(leaves, static)


def with_arrays_of(tree: Any, other: Any) -> Any:
    """The pytree `tree` with each array replaced by the one at the same place in `other`, where shape and type agree.

    >>> import jax.numpy as jnp
    >>> mixed = with_arrays_of({"a": jnp.zeros(2), "b": jnp.zeros(3)}, {"a": jnp.ones(2), "b": jnp.ones(4)})
    >>> mixed["a"].tolist(), mixed["b"].tolist()
    ([1.0, 1.0], [0.0, 0.0, 0.0])
    """
    wanted, known = named_arrays(tree), named_arrays(other)
    chosen = [known[name] if _same_form(known.get(name), array) else array for name, array in wanted.items()]
    dynamic, static = eqx.partition(tree, _is_array)
    return eqx.combine(jax.tree.structure(dynamic).unflatten(jax.device_put(chosen)), static)


def _same_form(one: Any, other: Any) -> bool:
    return one is not None and (one.shape, one.dtype) == (other.shape, other.dtype)


def _difference(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The first array that is not as wanted, in words; empty where all are."""
    for name in (*wanted, *stored):
        found = [f"{each[name].dtype} {each[name].shape}" if name in each else "none" for each in (stored, wanted)]
        if found[0] != found[1]:
            return f"{name}: {found[0]} in the file, {found[1]} wanted"
    return ""


def named_arrays(tree: Any) -> dict[str, Any]:
    """The arrays of a pytree by their place in it, in the order in which this process flattens it.

    numpyro flattens a distribution in the order of a set of strings, which changes from process to process, so that
    its parameters go by their names and never by their position.
    """
    named = {}
    places, _ = jax.tree.flatten_with_path(eqx.filter(tree, _is_array), is_leaf=_is_distribution)
    for place, leaf in places:
        name = jax.tree_util.keystr(place)
        if _is_distribution(leaf):
            fields = zip(type(leaf).gather_pytree_data_fields(), leaf.tree_flatten()[0], strict=True)
            for field, value in fields:
                named |= {f"{name}.{field}{inner}": array for inner, array in named_arrays(value).items()}
        else:
            named[name] = leaf if isinstance(leaf, jax.ShapeDtypeStruct) else np.asarray(leaf)
    return named


def _is_array(leaf: Any) -> bool:
    return eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)


def _is_distribution(node: Any) -> bool:
    return isinstance(node, dist.Distribution)
