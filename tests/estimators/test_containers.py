"""One data set, one result: whatever holds the numbers, wherever their zero and whatever their unit."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_digits

import taut
from taut.data import Table, block_of, one_thing
from taut.errors import SupportError
from taut.estimators.config import VAEConfig
from taut.estimators.training import EPOCHS, STEPS, plan_of
from tests.quick import quick

SMALL = {"latent_dim": 1, "hidden": (), "max_epochs": 1, "random_state": 0, "verbose": False}
ROWS = (np.random.default_rng(0).normal(size=(40, 3)) @ np.array([[1, 0.5, 0.2], [0, 1, 0.5], [0, 0, 1]])).astype("f4")


def held():
    """The same numbers in many containers."""
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    wide = ROWS.astype(np.float64)
    fixed = wide.copy()
    fixed.flags.writeable = False
    return {
        "single": ROWS,
        "list": wide.tolist(),
        "objects": wide.astype(object),
        "columns first": np.asfortranarray(wide),
        "read-only": fixed,
        "pandas": pandas.DataFrame(wide, columns=list("abc")),
        "pandas, single": pandas.DataFrame(ROWS),
        "polars": polars.DataFrame(wide, schema=list("abc")),
        "pyarrow": pa.table({name: ROWS[:, place] for place, name in enumerate("abc")}),
        "table": Table(values=wide, name="rows"),
    }


@pytest.mark.parametrize("likelihood", quick("auto", of=["auto", "gaussian"]))
def test_no_container_changes_a_fit(likelihood):
    scores = {name: taut.VAE(likelihood=likelihood, **SMALL).fit(X).score(X) for name, X in held().items()}
    assert len(set(scores.values())) == 1, scores


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["auto", "gaussian", "student-t"])
def test_no_zero_and_no_unit_changes_a_fit(likelihood):
    rows = ROWS.astype(np.float64)
    here = taut.VAE(likelihood=likelihood, **SMALL).fit(rows)
    for a, b in ((1e-30, 0.0), (1e30, 0.0), (1.0, 1.7e9)):
        moved = a * rows + b
        there = taut.VAE(likelihood=likelihood, **SMALL).fit(moved)
        jacobian = 3 * np.log(a)
        apart = np.abs(there.score_samples(moved) + jacobian - here.score_samples(rows))
        # That far from zero double precision rounds the rows themselves, and some then draw other latents.
        assert np.mean(apart < 2e-3) >= (0.9 if b else 1.0)
        assert there.history_[-1].train + jacobian == pytest.approx(here.history_[-1].train, abs=2e-3)
        np.testing.assert_allclose((there.reconstruct(moved) - b) / a, here.reconstruct(rows), atol=1e-3)
        np.testing.assert_allclose((there.sample(5) - b) / a, here.sample(5), atol=1e-3)
        holed = moved.copy()
        holed[:3, 1] = np.nan
        filled = there.impute(holed)
        np.testing.assert_array_equal(filled[3:], holed[3:])
        assert np.abs((filled[:3, 1] - b) / a).max() < 10


@pytest.mark.parametrize(
    ("values", "block"),
    [
        (load_digits().data, True),
        (load_digits().data[:, :30], False),  # few columns
        (np.random.default_rng(0).integers(1, 6, (50, 40)), False),  # answers from 1 to 5
        (np.random.default_rng(0).normal(size=(50, 40)), False),
        (np.random.default_rng(0).random((50, 40)), True),  # shares
        (np.random.default_rng(0).integers(20, 250, (50, 40)), True),  # grey levels without black
        (np.random.default_rng(0).integers(0, 2, (50, 40)), True),
    ],
)
def test_one_thing_measured_many_times_is_one_block(values, block):
    assert one_thing(values) == block
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(values, columns=[f"pixel{number}" for number in range(values.shape[1])])
    for X in (values, values.astype(np.float64), frame):
        found = block_of(X, named=False)
        assert (found is not None) == block
        if found is not None:
            assert found.values.dtype == block_of(values, named=False).values.dtype


def test_few_rows_are_passed_over_until_the_steps_suffice():
    for rows in (3, 270, 1350, 54_000):
        plan = plan_of(VAEConfig(), rows=rows)
        assert EPOCHS * plan.repeats * np.ceil(rows / min(100, rows)) >= STEPS


def test_a_number_beyond_single_precision_is_refused():
    vae = taut.VAE(likelihood="gaussian", **SMALL).fit(ROWS)
    with pytest.raises(SupportError, match="row 1"):
        vae.score_samples(np.array([[0.0, 0.0, 0.0], [0.0, 1e200, 0.0]]))
