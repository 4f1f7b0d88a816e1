import shutil
from pathlib import Path

import numpy as np
import pytest

from taut import datasets
from tests.cli.commands import done

TINY = ("--hidden", 8, "--latent-dim", 3, "--max-epochs", 2, "--batch-size", 20)
# Sixteen columns of counts are a table unless a likelihood is named for all of them.
BLOCK = (*TINY, "--likelihood", "binomial")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Files of small data: 100 rows of 4 × 4 counts to train on, 40 others, and their labels."""
    folder = tmp_path_factory.mktemp("shelf")
    train, held_out = datasets.digits()
    _, labels = datasets.digits_labels()
    corner = np.add.outer(np.arange(2, 6) * 8, np.arange(2, 6)).ravel()
    np.save(folder / "train.npy", train[:100, corner])
    np.save(folder / "unseen.npy", held_out[:40, corner])
    (folder / "labels.csv").write_text("digit\n" + "\n".join(f"d{label}" for label in labels[:40]))
    return folder


@pytest.fixture(scope="session")
def finished(shelf) -> Path:
    """A run of one block that was trained once; not to be changed."""
    done("fit", shelf / "train.npy", "--out", shelf / "run", *BLOCK)
    return shelf / "run"


@pytest.fixture
def run_folder(finished, tmp_path) -> Path:
    """A copy of it, to do with as a test likes."""
    return Path(shutil.copytree(finished, tmp_path / "run"))
