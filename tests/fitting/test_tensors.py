"""Arrays on disk: back to the bit, or one sentence."""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import pytest

from taut.errors import RunFolderError
from taut.fitting import load_tensors, save_tensors
from taut.networks import Perceptron
from tests.fitting.instances import arrays, same_bits


def network(hidden=(3,), seed=0):
    return Perceptron(2, 1, hidden=hidden, key=jr.key(seed))


def test_back_to_the_bit_with_every_dtype(tmp_path):
    tree = {
        "network": network(),
        "count": jnp.asarray(7),
        "bytes": jnp.arange(5, dtype=jnp.uint8),
        "empty": jnp.zeros((0, 3)),
        "odd": jnp.array([jnp.nan, -0.0, jnp.inf]),
        "name": "not an array",
        "nothing": None,
    }
    save_tensors(tmp_path / "t.safetensors", tree)
    like = {**tree, "network": network(seed=1), "odd": jnp.zeros(3), "name": "kept"}
    read = load_tensors(tmp_path / "t.safetensors", like)
    assert [leaf.tobytes() for leaf in map(jnp.asarray, arrays(read))] == [leaf.tobytes() for leaf in arrays(tree)]
    assert read["name"] == "kept"
    assert same_bits(arrays(read["network"]), arrays(tree["network"]))


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (lambda: network(hidden=(4,)), ".layers[0].weight: float32 (3, 2) in the file, float32 (4, 2) wanted"),
        (lambda: network(hidden=(3, 3)), ".layers[1].weight: float32 (1, 3) in the file, float32 (3, 3) wanted"),
        (lambda: network(hidden=()), ".layers[0].weight: float32 (3, 2) in the file, float32 (1, 2) wanted"),
        (
            lambda: eqx.tree_at(lambda n: n.layers[0].bias, network(), jnp.zeros(3, jnp.float16)),
            ".layers[0].bias: float32 (3,) in the file, float16 (3,) wanted",
        ),
        (lambda: (network(),), "[0].layers[0].weight: none in the file, float32 (3, 2) wanted"),
    ],
    ids=["width", "depth", "shallower", "dtype", "place"],
)
def test_arrays_of_another_architecture(other, difference, tmp_path):
    path = tmp_path / "t.safetensors"
    save_tensors(path, network())
    with pytest.raises(RunFolderError) as refused:
        load_tensors(path, other())
    assert str(refused.value) == (
        f"Wanted the arrays of this architecture; `{path}` holds others ({difference}); give the parts that were "
        "fitted, or fit again."
    )


def test_missing_file(tmp_path):
    with pytest.raises(RunFolderError, match=r"^Wanted the arrays in `.*`; reading them failed \(.*\); fit again\.$"):
        load_tensors(tmp_path / "none.safetensors", network())


@pytest.mark.parametrize("damage", ["cut short", "overwritten", "empty", "text"])
def test_damaged_file(damage, tmp_path):
    path = tmp_path / "t.safetensors"
    save_tensors(path, network())
    whole = path.read_bytes()
    path.write_bytes(
        {"cut short": whole[:-9], "overwritten": b"\xff" * len(whole), "empty": b"", "text": b"{}"}[damage]
    )
    with pytest.raises(RunFolderError, match=r"fit again\.$") as refused:
        load_tensors(path, network())
    assert "\n" not in str(refused.value)
