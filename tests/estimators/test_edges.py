"""Where an estimator could say something false of a row, or give what it would not take."""

import numpy as np
import pyarrow as pa
import pytest

import taut
from taut.data import decode
from taut.errors import OptionError
from taut.estimators.outliers import outlier_p_values

OPTIONS = {"latent_dim": 1, "hidden": (), "max_epochs": 1, "random_state": 0, "verbose": False}


@pytest.fixture(scope="module")
def table():
    draw = np.random.default_rng(0)
    a = draw.normal(size=120)
    cells = {
        "a": a,
        "b": np.round(np.exp(a + draw.normal(size=120)) + 0.05, 1) + 0.1,
        "c": 2 * a + draw.normal(size=120),
    }
    return pa.table({name: pa.array(own, mask=draw.random(120) < 0.1) for name, own in cells.items()})


@pytest.fixture(scope="module")
def vae(table):
    return taut.VAE(**OPTIONS).fit(table)


@pytest.mark.slow
def test_a_row_without_any_cell_is_not_improbable(vae):
    nothing = pa.table({name: pa.array([None, 0.5], pa.float64()) for name in "abc"})
    account = vae.account(nothing, draws=50)
    assert account.log_p[0] == 0.0
    assert account.log_p_error[0] == 0.0
    assert outlier_p_values(vae.fitted_, nothing, account.log_p, draws=50).values[0] == 1.0


@pytest.mark.slow
def test_draws_are_cells_that_the_model_takes_back(vae):
    drawn = vae.sample(50)
    assert np.isfinite(vae.score_samples(drawn, draws=20)).all()
    schema = vae.schema_
    near_zero = np.array([[0.0, 0.03 / schema.column("b").unit, 0.0]])
    assert decode(schema, near_zero, as_cells=True)["b"][0].as_py() > 0


def test_p_values_want_holes_that_are_random(table):
    informative = taut.VAE(**OPTIONS, missing="informative").fit(table)
    scores = informative.score_samples(table, draws=20)
    with pytest.raises(OptionError, match="holes that are random"):
        outlier_p_values(informative.fitted_, table, scores, draws=20)


def test_a_total_knows_the_cell_that_is_asked_for():
    counts = np.random.default_rng(0).poisson(3.0, size=(60, 4))
    vae = taut.VAE(**OPTIONS, likelihood="poisson", size_factor="total").fit(counts)
    with pytest.raises(OptionError, match="total, which holds them"):
        vae.score_samples(counts, of=[0])


@pytest.mark.slow
def test_an_imputer_drops_and_marks_by_name(table):
    empty = table.append_column("e", pa.array([None] * len(table), pa.float64()))
    imputer = taut.VAEImputer(**OPTIONS, add_indicator=True).fit(empty)
    other = imputer.transform(empty.select(["e", "c", "b", "a"]))
    assert set(other.column_names) == {"a", "b", "c", *(f"missingindicator_{name}" for name in imputer.holed_)}
    holes = empty["b"].is_null().to_numpy(zero_copy_only=False).astype(float)
    assert other["missingindicator_b"].to_pylist() == holes.tolist()
