"""One small table and one small fit of it, for what was reported of other software; `docs/reported.md` names each."""

import numpy as np
import pandas as pd
import pytest

import taut

OPTIONS = {"latent_dim": 1, "hidden": (), "max_epochs": 1, "random_state": 0, "verbose": False}


@pytest.fixture(scope="package")
def frame():
    """Two columns of numbers, one of text, holes in one of each."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=60)
    table = pd.DataFrame({"a": a, "b": np.round(a + rng.normal(size=60), 2), "c": rng.choice(["x", "y"], 60)})
    table.loc[3, "b"] = 0.0
    table.loc[:4, "a"] = np.nan
    table.loc[7, "c"] = None
    return table


@pytest.fixture(scope="package")
def fitted(frame):
    return taut.VAE(**OPTIONS).fit(frame)


@pytest.fixture(scope="package")
def scores(fitted, frame):
    return fitted.score_samples(frame, draws=20)


@pytest.fixture(scope="package")
def numbers():
    return np.random.default_rng(1).normal(size=(60, 3))


@pytest.fixture(scope="package")
def block(numbers):
    """A fit of one block of numbers."""
    return taut.VAE(**OPTIONS).fit(numbers)
