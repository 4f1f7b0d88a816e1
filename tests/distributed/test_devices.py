"""Four devices in one process say what one says: batches, held-out rows and scored rows are split, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from taut.distributed import on_all_devices, row_mesh
from tests.distributed import devices

ROOT = Path(devices.__file__).parents[2]


@pytest.fixture(scope="module")
def of_four():
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=4"
    ended = subprocess.run(
        [sys.executable, "-m", "tests.distributed.devices"],
        cwd=ROOT,
        env=os.environ | {"XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["devices"] == 4
    return found["results"]


@pytest.fixture(scope="module")
def of_one():
    assert jax.device_count() == 1
    return devices.results()


@pytest.mark.parametrize("what", devices.NAMES)
def test_four_devices_say_what_one_says(what, of_one, of_four):
    np.testing.assert_allclose(of_four[what], of_one[what], rtol=1e-5)


def test_streamed_shares_are_the_batches_in_memory(of_four):
    np.testing.assert_allclose(of_four["streamed"], of_four["in memory"], rtol=1e-5)


def test_one_device_has_no_mesh_and_moves_nothing():
    rows = np.zeros(3)
    assert row_mesh() is None
    assert on_all_devices(rows, None) is rows
