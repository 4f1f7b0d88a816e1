"""The same commands twice, in two processes that order sets differently: the same bytes."""

import os
import subprocess
import sys

import pytest

from tests.cli.commands import done

TINY = ("--hidden", 8, "--latent-dim", 2, "--max-epochs", 2)
# Files that hold seconds or dates are others each time.
SAME = (
    "table/weights.safetensors", "table/seen.npy", "table/held_out.npz", "table/holes.npz", "table/rows.csv",
    "block/weights.safetensors", "scores.csv", "scores_of.csv", "filled.csv", "errors.csv", "completions.csv",
    "latents.csv", "new.csv",
)  # fmt: skip


def run_all(folder):
    table, block = f"{folder}/table", f"{folder}/block"
    done("fit", "penguins", "--out", table, *TINY, "--prior", "mixture:3", "--quiet")
    done("fit", "digits", "--out", block, *TINY, "--guide", "flow:1", "--quiet")
    done("audit", table, "--rows", 32, "--draws", 100, "--no-checks", "--quiet")
    done("score", table, "penguins", "--draws", 4, "--out", f"{folder}/scores.csv", "--quiet")
    words = ("--of", "bill_length_mm", "--draws", 4, "--quiet")
    done("score", table, "penguins", "--out", f"{folder}/scores_of.csv", *words)
    words = ("--errors", f"{folder}/errors.csv", "--quiet")
    done("impute", table, "penguins", "--out", f"{folder}/filled.csv", *words)
    done("impute", table, "penguins", "--draws", 2, "--out", f"{folder}/completions.csv", "--quiet")
    done("embed", block, "digits:held-out", "--out", f"{folder}/latents.csv", "--quiet")
    done("sample", table, "-n", 5, "--out", f"{folder}/new.csv", "--quiet")


@pytest.mark.slow
def test_the_same_commands_write_the_same_bytes(tmp_path):
    for number in range(2):
        code = f"from tests.cli.test_same_bytes import run_all; run_all({str(tmp_path / str(number))!r})"
        environment = os.environ | {"PYTHONHASHSEED": str(number)}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    first, second = ({name: (tmp_path / number / name).read_bytes() for name in SAME} for number in ("0", "1"))
    assert [name for name in SAME if first[name] != second[name]] == []
