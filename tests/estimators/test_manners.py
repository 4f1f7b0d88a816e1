"""In pipelines, searches and frames: what comes out, under which names, and that it can be kept."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

import taut
from taut.errors import DataError, OptionError
from tests.quick import quick

SMALL = {"hidden": (), "max_epochs": 3, "random_state": 0, "verbose": False}


def rows(n=60, holes=True):
    generator = np.random.default_rng(0)
    values = generator.normal(size=(n, 1)) @ np.ones((1, 3)) + 0.1 * generator.normal(size=(n, 3))
    if holes:
        values[0, 1] = values[5, 2] = np.nan
    return values


def columns(n=60):
    a, b, _ = rows(n).T
    return {
        "a": a.tolist(),
        "sex": [None if number == 4 else ("f", "m")[number % 3 > 0] for number in range(n)],
        "b": [None if np.isnan(cell) else float(cell) for cell in b],
    }


def frame_of(library):
    if library == "pyarrow":
        return pa.table(columns())
    frames = pytest.importorskip(library)
    frame = frames.DataFrame(columns())
    if library == "pandas":
        frame.index = np.arange(len(frame))[::-1] + 100
    return frame


@pytest.fixture(scope="module")
def imputer():
    return taut.VAEImputer(1, **SMALL).fit(rows())


@pytest.fixture(scope="module")
def detector():
    return taut.VAEOutlierDetector(1, **SMALL).fit(rows(200, holes=False))


# ── imputer ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_array_comes_back_as_floats_with_what_was_there_to_the_bit(imputer):
    there, filled = ~np.isnan(rows()), imputer.transform(rows())
    assert filled.dtype == np.float64
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[there], rows()[there])
    assert imputer.transform(rows().astype(np.float32)).dtype == np.float32


@pytest.mark.slow
def test_cells_missing_in_no_training_row_are_filled_by_what_goes_with_them():
    whole = rows(200, holes=False)
    imputer = taut.VAEImputer(1, hidden=(), max_epochs=30, random_state=0, verbose=False).fit(whole)
    holed = whole[:20].copy()
    holed[:, 2] = np.nan
    assert np.abs(imputer.transform(holed)[:, 2] - whole[:20, :2].mean(axis=1)).mean() < 0.3


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "polars"])
def test_a_frame_comes_back_as_its_own_kind_in_its_own_order(library):
    frame = frame_of(library)
    filled = taut.VAEImputer(1, **SMALL).fit_transform(frame)
    assert type(filled) is type(frame)
    there = pa.table({name: list(filled[name].to_pylist() if library == "pyarrow" else filled[name]) for name in "ab"})
    assert [there["b"].null_count, there["a"].to_pylist()] == [0, columns()["a"]]
    if library == "pandas":
        assert filled.index.equals(frame.index)


@pytest.mark.parametrize(
    ("kind", "container"),
    quick(
        ("pandas", "pandas"),
        ("array", "polars"),
        of=itertools.product(["array", "pandas", "polars"], ["pandas", "polars"]),
    ),
)
def test_set_output_gives_that_frame_for_whatever_came(container, kind):
    frames = pytest.importorskip(container)
    pytest.importorskip("pandas")
    came = rows() if kind == "array" else frame_of(kind)
    imputer = taut.VAEImputer(1, add_indicator=True, **SMALL).set_output(transform=container)
    filled = imputer.fit_transform(came)
    assert isinstance(filled, frames.DataFrame)
    assert list(filled.columns) == list(imputer.get_feature_names_out())
    if container == kind == "pandas":
        assert filled.index.equals(came.index)


def test_columns_with_nothing_to_learn_are_treated_as_by_simple_imputer():
    n = 60
    came = np.column_stack([rows(n), np.full(n, np.nan), np.where(np.arange(n) % 2, 7.0, np.nan)])
    imputer = taut.VAEImputer(1, add_indicator=True, **SMALL).fit(came)
    filled = imputer.transform(came)
    assert imputer.get_feature_names_out().tolist() == [
        *("x0", "x1", "x2", "x4"),
        *(f"missingindicator_x{number}" for number in (1, 2, 3, 4)),
    ]
    assert filled.shape == (n, 8)
    assert (filled[:, 3] == 7.0).all()
    np.testing.assert_array_equal(filled[:, 4:], np.isnan(came)[:, 1:])
    kept = clone(imputer).set_params(keep_empty_features=True, add_indicator=False).fit_transform(came)
    assert kept.shape == (n, 5)
    assert (kept[:, 3] == 0.0).all()


def test_completions_are_draws_and_one_of_them_stands_for_the_table(imputer):
    one = clone(imputer).set_params(completions=1).fit(rows()).transform(rows())
    several = clone(imputer).set_params(completions=3).fit(rows()).transform(rows())
    assert one.shape == (60, 3)
    assert len(several) == 3
    assert len({float(each[0, 1]) for each in several}) == 3
    assert imputer.transform(rows())[0, 1] not in [each[0, 1] for each in several]


@pytest.mark.parametrize("bad", [{"how": "best"}, {"completions": 0}, {"completions": 1000}])
def test_an_impossible_way_to_fill_is_refused_before_training(bad):
    with pytest.raises(OptionError, match="wants"):
        taut.VAEImputer(1, **SMALL, **bad).fit(rows())


@pytest.mark.slow
def test_it_is_a_step_before_what_takes_no_holes(imputer):
    made = make_pipeline(clone(imputer), StandardScaler()).fit_transform(rows())
    np.testing.assert_allclose(made.mean(axis=0), 0.0, atol=1e-9)
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rows(), columns=list("abc"))
    parts = ColumnTransformer([("filled", clone(imputer), ["a", "b"])], remainder="drop").fit(frame)
    assert parts.get_feature_names_out().tolist() == ["filled__a", "filled__b"]
    assert parts.transform(frame).shape == (60, 2)


@pytest.mark.slow
def test_cross_validation_scores_by_log_p(imputer):
    found = cross_val_score(clone(imputer), rows(), cv=2)
    assert found.shape == (2,)
    assert np.isfinite(found).all()


# ── detector ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_far_off_are_outliers_whatever_is_missing(detector):
    odd = np.array([[8.0, -8.0, 8.0], [np.nan, -8.0, 8.0], [0.1, 0.1, 0.1], [np.nan, 0.1, 0.1], [np.nan] * 3])
    assert detector.predict(odd).tolist() == [-1, -1, 1, 1, 1]
    np.testing.assert_array_equal(detector.decision_function(odd), detector.score_samples(odd) - detector.offset_)
    p_values = detector.p_values(odd)
    assert (p_values[:2] <= 0.01).all()
    assert (p_values[2:] > 0.05).all()


def test_scores_of_simulated_rows_are_alike_whichever_cells_are_missing(detector):
    made = np.tile(detector_rows(detector), (2, 1))
    made[200:, 1] = np.nan
    scores = detector.score_samples(made)
    assert abs(scores[:200].mean() - scores[200:].mean()) < 4 * scores[:200].std() / 10


def detector_rows(detector):
    from taut.estimators.evaluation import sample

    return np.asarray(sample(detector.fitted_, 200, seed=5), float)


def test_a_share_of_training_rows_is_called_outliers(detector):
    found = clone(detector).set_params(contamination=0.1).fit_predict(rows(200, holes=False))
    assert (found == -1).sum() == 20


@pytest.mark.parametrize("bad", [0.0, 0.6, "some", -1.0])
def test_a_contamination_that_is_no_share_is_refused(bad):
    with pytest.raises(OptionError, match="contamination"):
        taut.VAEOutlierDetector(1, contamination=bad, **SMALL).fit(rows())


# ── all ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_a_grid_over_latents_is_searched():
    search = GridSearchCV(taut.VAE(**SMALL), {"latent_dim": [1, 2]}, cv=2, refit=False)
    found = search.fit(rows(40, holes=False)).cv_results_
    assert set(found["param_latent_dim"]) == {1, 2}
    assert np.isfinite(found["mean_test_score"]).all()


def test_latents_have_names_and_go_into_frames():
    vae = taut.VAE(2, **SMALL).fit(rows())
    assert vae.get_feature_names_out().tolist() == ["vae0", "vae1"]
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rows(), columns=list("abc"), index=np.arange(60) + 7)
    latents = clone(vae).set_output(transform="pandas").fit(frame).transform(frame)
    assert latents.columns.tolist() == ["vae0", "vae1"]
    assert latents.index.equals(frame.index)


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "polars"])
def test_a_table_comes_back_from_its_latents_as_its_own_kind(library):
    frame = frame_of(library)
    vae = taut.VAE(1, **SMALL).fit(frame)
    for back in (vae.inverse_transform(vae.transform(frame)), vae.reconstruct(frame)):
        assert type(back) is type(frame)
        sex = back["sex"].to_pylist() if library == "pyarrow" else list(back["sex"])
        assert set(sex) <= {"f", "m"}


@pytest.mark.slow
def test_a_row_of_weight_zero_is_as_if_it_were_not_there():
    whole = rows(30, holes=False)
    weights = np.repeat([1.0, 0.0], [20, 10])
    weighted = taut.VAE(1, **SMALL).fit(np.r_[whole[:20], 1e3 * whole[20:]], sample_weight=weights)
    without = taut.VAE(1, **SMALL).fit(whole[:20])
    np.testing.assert_array_equal(weighted.transform(whole), without.transform(whole))
    with_all = weighted.score(whole, sample_weight=np.repeat([1.0, 0.0], [20, 10]))
    assert with_all == pytest.approx(weighted.score(whole[:20]), rel=1e-6)


@pytest.mark.parametrize(
    ("weights", "wanted"), [(np.ones(5), "60 rows"), (-np.ones(60), "not negative"), (np.zeros(60), "above zero")]
)
def test_weights_that_are_none_are_refused(weights, wanted):
    with pytest.raises(DataError, match=wanted):
        taut.VAE(1, **SMALL).fit(rows(), sample_weight=weights)


def test_each_class_is_loaded_as_what_was_saved(imputer, detector, tmp_path):
    imputer.save(tmp_path / "imputer")
    detector.save(tmp_path / "detector")
    loaded = taut.load(tmp_path / "imputer")
    assert isinstance(loaded, taut.VAEImputer)
    np.testing.assert_array_equal(loaded.transform(rows()), imputer.transform(rows()))
    loaded = taut.load(tmp_path / "detector")
    assert isinstance(loaded, taut.VAEOutlierDetector)
    np.testing.assert_array_equal(loaded.decision_function(rows()), detector.decision_function(rows()))


@pytest.mark.slow
def test_a_block_of_numbers_is_filled_too():
    counts = np.random.default_rng(0).poisson(3.0, (50, 4))
    vae = taut.VAE(1, likelihood="poisson", **SMALL).fit(counts)
    holed = counts[:6].astype(float)
    holed[:, 0] = np.nan
    filled = vae.impute(holed)
    np.testing.assert_array_equal(filled[:, 1:], counts[:6, 1:])
    assert (filled[:, 0] == np.round(filled[:, 0])).all()


def test_tags_say_what_is_true():
    tags = get_tags(taut.VAE())
    assert (tags.input_tags.allow_nan, tags.input_tags.string, tags.input_tags.sparse) == (True, True, False)


# ── silence ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [taut.VAE, taut.VAEImputer, taut.VAEOutlierDetector])
def test_nothing_is_said_unless_asked(kind, capfd):
    estimator = kind(1, **SMALL | {"max_epochs": 1}).set_params(verbose=False)
    assert kind().verbose is False
    estimator.fit(rows(holes=False)).score_samples(rows(holes=False)[:2]) if kind is not taut.VAEImputer else (
        estimator.fit_transform(rows())
    )
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    estimator.set_params(verbose=True).fit(rows(holes=False))
    assert "Likelihood: " in capfd.readouterr().err


def test_what_was_left_out_is_kept_with_or_without_rows_held_out(tmp_path, capfd):
    frame = {name: [*cells[:7], None, *cells[8:]] for name, cells in columns().items()}
    vae = taut.VAE(1, validation_fraction=0.0, **SMALL | {"max_epochs": 1, "verbose": True}).fit(pa.table(frame))
    said = capfd.readouterr().err
    assert vae.notes_ == ["1 of 60 rows have no cell that is modelled; their log p(x) is 0 by definition."]
    assert all(note in said for note in vae.notes_)
    vae.save(tmp_path / "run")
    loaded = taut.load(tmp_path / "run")
    assert loaded.notes_ == vae.notes_
    assert loaded.verbose is False, "whoever loads a run did not ask"
