"""Where arrays lie when there are several devices: whole on each of them, or rows split among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

ROWS = "rows"


def row_mesh() -> Mesh | None:
    """All devices of all processes in a row, along which rows are split; None where there is one."""
    devices = jax.devices()
    return Mesh(np.array(devices), (ROWS,)) if len(devices) > 1 else None


def on_all_devices(tree: Any, mesh: Mesh | None) -> Any:
    """The same with each array, which every process has, whole on all devices of the mesh; as it is where that is None.

    >>> import numpy as np
    >>> on_all_devices({"a": np.ones(2)}, None)
    {'a': array([1., 1.])}
    """
    if mesh is None:
        return tree
    whole = NamedSharding(mesh, PartitionSpec())
    arrays, rest = eqx.partition(tree, _is_array)
    if jax.process_count() == 1:
        return eqx.combine(jax.device_put(arrays, whole), rest)
    return eqx.combine(jax.tree.map(lambda leaf: _copied(leaf, whole), arrays), rest)


def rows_on_devices(tree: Any, mesh: Mesh | None) -> Any:
    """Arrays of the host, of which each device gets its part of the rows; these divide by the number of devices."""
    if mesh is None:
        return jax.device_put(tree)
    split = NamedSharding(mesh, PartitionSpec(ROWS))
    return jax.tree.map(lambda leaf: _made(leaf, split), tree)


def batches_on_devices(read: Callable[[np.ndarray], Any], numbers: np.ndarray, mesh: Mesh) -> Any:
    """The rows of these numbers (steps, batch), read so that each device gets its part of every batch.

    This process reads what its devices get. Batches divide by the number of devices.
    """
    split = NamedSharding(mesh, PartitionSpec(None, ROWS))
    shares = []
    for device, places in split.addressable_devices_indices_map(numbers.shape).items():
        own = numbers[places]
        parts = jax.tree.map(lambda leaf, own=own: np.reshape(leaf, (*own.shape, *leaf.shape[1:])), read(own.ravel()))
        shares.append(jax.device_put(parts, device))

    def joined(*leaves: Any) -> jax.Array:
        shape = *numbers.shape, *leaves[0].shape[2:]
        return jax.make_array_from_single_device_arrays(shape, split, list(leaves))

    return jax.tree.map(joined, *shares)


def on_own_device(tree: Any) -> Any:
    """The same with each array that lies whole on many devices on the first one of this process."""
    return jax.tree.map(lambda leaf: leaf.addressable_data(0) if _spread(leaf) else leaf, tree)


def split_rows(tree: Any, mesh: Mesh | None) -> Any:
    """In a compiled program: the same with the rows of each array split among the devices, as evenly as may be."""
    return tree if mesh is None else _placed(tree, NamedSharding(mesh, PartitionSpec(ROWS)))


def kept_whole(tree: Any, mesh: Mesh | None) -> Any:
    """In a compiled program: the same with each array whole on all devices."""
    return tree if mesh is None else _placed(tree, NamedSharding(mesh, PartitionSpec()))


def by_device(function: Callable[[Any, Any], Any], whole: Any, rows: Any, mesh: Mesh | None) -> Any:
    """In a compiled program: `function(whole, rows)` on each device for its part of the rows, and whole on all of them.

    What it returns are arrays with a leading axis over rows. Devices do not wait for one another inside of it.
    """
    if mesh is None:
        return function(whole, rows)
    arrays, rest = eqx.partition((whole, rows), eqx.is_array)

    def local(*arrays: Any) -> Any:
        return function(*eqx.combine(arrays, rest))

    places = PartitionSpec(), PartitionSpec(ROWS)
    mapped = jax.shard_map(local, mesh=mesh, in_specs=places, out_specs=places[1], check_vma=False)
    return kept_whole(mapped(*arrays), mesh)


def _placed(tree: Any, where: NamedSharding) -> Any:
    return jax.tree.map(lambda leaf: jax.lax.with_sharding_constraint(leaf, where), tree)


def _spread(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and len(leaf.sharding.device_set) > 1


def _copied(leaf: Any, whole: NamedSharding) -> jax.Array:
    """One array, put on the devices of this process: `jax.device_put` would compare it among all processes."""
    if isinstance(leaf, jax.Array) and leaf.sharding.is_equivalent_to(whole, leaf.ndim):
        return leaf
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jr.wrap_key_data(_copied(jr.key_data(leaf), whole), impl=jr.key_impl(leaf))
    return _made(leaf, whole)


def _made(leaf: Any, where: NamedSharding) -> jax.Array:
    host = np.asarray(leaf)
    host = host.astype(jax.dtypes.canonicalize_dtype(host.dtype), copy=False)
    return jax.make_array_from_callback(host.shape, where, lambda index: host[index])


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, (jax.Array, np.ndarray))
