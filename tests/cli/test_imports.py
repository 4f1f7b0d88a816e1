"""A command imports what it uses: each of these libraries takes from a third of a second to a second."""

import json
import subprocess
import sys

import pytest

RUN = """
import json, sys
from taut.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
# pandas is not named: pyarrow imports it, where it is there, for the first list that it takes.
NEVER = {"sklearn", "scipy.stats", "matplotlib", "jinja2", "anndata", "polars"}
NO_ARRAYS = NEVER | {"jax", "numpyro", "equinox", "optax", "safetensors"}
UNWANTED = {
    "--help": NO_ARRAYS | {"pyarrow", "narwhals", "scipy"},
    "schema": NO_ARRAYS,
    "info": NO_ARRAYS,
    "score": NEVER,
}


@pytest.mark.parametrize("command", UNWANTED)
def test_a_command_imports_no_more_than_it_uses(command, finished, shelf, tmp_path):
    words = {
        "schema": [shelf / "unseen.npy"],
        "info": [finished],
        "score": [finished, shelf / "unseen.npy", "--out", tmp_path / "scores.csv", "--draws", 4],
    }
    code = [sys.executable, "-c", RUN, command, *map(str, words.get(command, []))]
    ran = subprocess.run(code, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    imported = set(json.loads(ran.stderr.splitlines()[-1]))
    assert "taut.cli.app" in imported
    assert imported & UNWANTED[command] == set()
