"""The same cells in another frame, and frames that a fit of this one has not seen."""

import copy
import datetime

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest

import taut
from taut import data
from taut.errors import DataError, OptionError, SupportError
from tests.reported.conftest import OPTIONS


def _polars(frame):
    return pl.from_pandas(frame, nan_to_null=True)


SAME_CELLS = {
    "scikit-learn#7242, columns in another order": lambda frame: frame[["c", "a", "b"]],
    "scikit-learn#16498, nullable types": lambda frame: frame.convert_dtypes(),
    "scikit-learn#27349, text with pd.NA": lambda frame: frame.astype({"c": "string"}),
    "skrub#905, categories with pd.NA": lambda frame: frame.astype({"c": "string"}).astype({"c": "category"}),
    "catboost#3106, an enum with nulls": lambda frame: _polars(frame).cast({"c": pl.Enum(["y", "x"])}),
    "polars#3525, nulls": _polars,
    "polars#15494, NaN beside null": lambda frame: pl.from_pandas(frame, nan_to_null=False),
    "polars#10457, minus zero": lambda frame: frame.assign(b=frame["b"].where(frame["b"] != 0, -0.0)),
    "sdv-dev/SDV#993, an index that repeats": lambda frame: frame.set_axis([0] * len(frame)),
    "scikit-learn#19263, more columns": lambda frame: frame.assign(new=1.0),
}


@pytest.mark.parametrize("report", SAME_CELLS)
def test_the_same_cells_have_the_same_log_p(report, fitted, frame, scores):
    np.testing.assert_array_equal(fitted.score_samples(SAME_CELLS[report](frame), draws=20), scores)


def test_names_that_are_numbers_and_text(frame, scores):
    """scikit-learn#25018."""
    mixed = frame.set_axis([0, "b", 1], axis=1)
    vae = taut.VAE(**OPTIONS).fit(mixed)
    np.testing.assert_array_equal(vae.score_samples(mixed, draws=20), scores)
    assert [str(name) for name in vae.reconstruct(mixed).columns] == ["0", "b", "1"]
    assert list(vae.impute(mixed).columns) == [0, "b", 1]


def test_a_category_that_the_fit_did_not_see_is_said(fitted, frame):
    """scikit-learn#28637: encoded as nothing, unsaid, so that the row looks more probable."""
    new = frame.assign(c=frame["c"].where(frame.index != 9, "z"))
    with pytest.warns(UserWarning, match=r"`c`: 1 row with a category that the fit did not see, first `z` in row 9"):
        fitted.score(new)
    with pytest.warns(UserWarning, match="first `z`"):
        fitted.score_samples(new, of="c", draws=20)


def test_an_indicator_never_takes_the_place_of_a_column():
    """scikit-learn#21078."""
    twins = pd.DataFrame({"a": [1.5, np.nan, 2.5], "missingindicator_a": [0.5, 1.5, 3.5]})
    with pytest.raises(OptionError, match="`missingindicator_a` already, beside `a`"):
        taut.VAEImputer(**OPTIONS, add_indicator=True).fit(twins)


def test_columns_without_a_cell_stay_known(frame):
    """scikit-learn#18681 and #6767, sdv-dev/SDV#1466: an empty column, of dates or of numbers, with cells later."""
    empty = frame.assign(d=pd.Series([pd.NaT] * 60, dtype="datetime64[ns]"), e=np.nan)
    imputer = taut.VAEImputer(**OPTIONS, add_indicator=True).fit(empty)
    wide = imputer.transform(empty.assign(e=1.5))
    assert list(wide.columns) == ["a", "b", "c", *(f"missingindicator_{name}" for name in "acde")]
    assert imputer.transform(empty.dropna(subset=["a", "c"])).shape == (54, 7)
    assert wide[["a", "b", "c"]].notna().all(axis=None)


def test_one_missing_cell(frame):
    """vanderschaarlab/hyperimpute#36: exactly one cell is missing; the others stay to the bit."""
    one = frame.fillna({"a": 0.25, "c": "x"})
    one.loc[0, "a"] = np.nan
    filled = taut.VAEImputer(**OPTIONS).fit_transform(one)
    pd.testing.assert_frame_equal(filled.drop(index=0), one.drop(index=0))
    assert np.isfinite(filled.loc[0, "a"])


def test_whole_numbers_and_truth_values_with_holes():
    """sdv-dev/CTGAN#26: all numbers came back as floats; here they have the types of the fit."""
    table = pd.DataFrame({"n": [*range(12), np.nan] * 9, "t": [True, None, False] * 39}).convert_dtypes()
    drawn = data.decode(data.infer_schema(data.as_sheet(table)), np.array([[3.0, 1.0], [0.0, 0.0]]))
    assert drawn.to_pylist() == [{"n": 3, "t": True}, {"n": 0, "t": False}]
    assert [str(kind) for kind in drawn.schema.types] == ["int64", "bool"]


def test_names_say_nothing():
    """sdv-dev/CTGAN#459: a column called `city-mpg` was taken for a city."""
    cells = np.random.default_rng(0).normal(size=50)
    names = ["city-mpg", "id", "zip", "sex", "date", "log_p", "row", ""]
    columns = data.infer_schema(data.as_sheet(dict.fromkeys(names, cells))).columns
    assert {(column.kind, column.family) for column in columns} == {("real", "gaussian")}


def test_thousands_of_categories_are_left_out():
    """sdv-dev/CTGAN#52, sdv-dev/SDV#1433: out of memory."""
    many = pd.DataFrame({"k": pd.Categorical([f"level {number % 10_000}" for number in range(20_000)])})
    (column,) = data.infer_schema(data.as_sheet(many)).columns
    assert column.family == ""
    assert "10000 distinct values" in column.reason


@pytest.mark.parametrize("year", [900, 1677, 1822, 2262, 9999])
def test_dates_beyond_nanoseconds(year):
    """pandas#28104 and #21202: 9999-12-31 came back as a day in 1822, and days before 1677 were refused."""
    days = pd.DataFrame({"d": np.array([f"{year:04d}-12-31", "2000-01-01", "1969-12-31"], "datetime64[s]")})
    sheet = data.as_sheet(days)
    schema = data.infer_schema(sheet)
    back = data.decode(schema, data.encode(schema, sheet).values)["d"].to_pylist()
    assert [moment.date() if isinstance(moment, datetime.datetime) else moment for moment in back] == [
        datetime.date(year, 12, 31),
        datetime.date(2000, 1, 1),
        datetime.date(1969, 12, 31),
    ]


def test_what_is_given_must_be_possible(fitted):
    """sdv-dev/SDV#338: a category that was never seen was skipped, and fewer rows came back."""
    with pytest.raises(SupportError, match=r"column `c` of `given`; row 1 \(counting from 0\) holds `z`"):
        fitted.sample(2, given={"c": ["x", "z"]})
    with pytest.raises(DataError, match="finite"):
        fitted.sample(1, given={"a": np.inf})


def test_samples_hold_categories_of_the_fit_only(fitted):
    """sdv-dev/SDV#1648: new categories were made up."""
    drawn = fitted.sample(200, given={"a": 40.0})
    assert set(np.asarray(drawn["c"]).tolist()) <= {"x", "y"}
    assert len(drawn) == 200


def test_a_later_fit_forgets_the_names(numbers):
    """scikit-learn#21383."""
    vae = taut.VAE(**OPTIONS).fit(pd.DataFrame(numbers, columns=["a", "b", "c"]))
    assert not hasattr(vae.fit(numbers), "feature_names_in_")
    assert isinstance(vae.sample(2), np.ndarray)


def test_options_set_after_a_fit_are_for_the_next_one(block, numbers, tmp_path):
    """scikit-learn#17158: results changed; here a saved run would have named options that it was not fitted with."""
    vae = copy.deepcopy(block).set_params(latent_dim=3, likelihood="student-t")
    np.testing.assert_array_equal(vae.score_samples(numbers, draws=20), block.score_samples(numbers, draws=20))
    vae.save(tmp_path / "run")
    loaded = taut.load(tmp_path / "run")
    assert (loaded.latent_dim, loaded.likelihood) == (1, "auto")


def test_an_estimator_on_read_only_memory(block, numbers, tmp_path):
    """scikit-learn#25584 and #5956: estimators and rows that joblib maps into memory, read-only."""
    joblib.dump(block, tmp_path / "vae.joblib")
    np.save(tmp_path / "rows.npy", numbers)
    mapped = joblib.load(tmp_path / "vae.joblib", mmap_mode="r")
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    np.testing.assert_array_equal(mapped.score_samples(rows, draws=20), block.score_samples(numbers, draws=20))


def test_a_fold_of_one_row_and_a_last_batch_of_one(block, numbers):
    """scverse/scvi-tools#426: 57,345 rows in batches of 128 leave one."""
    vae = taut.VAE(**OPTIONS | {"batch_size": 53}).fit(numbers)
    assert len(vae.held_out_.values) == 6
    np.testing.assert_allclose(block.score_samples(numbers[:1], draws=20), block.score_samples(numbers, draws=20)[:1])


@pytest.mark.parametrize("weights", [np.zeros(60), np.full(60, np.nan), np.full(60, -1.0), np.ones(59)])
def test_weights_that_mean_nothing(weights, numbers):
    """scikit-learn#32277 and #20880: all zero, NaN, negative, one too few."""
    with pytest.raises(DataError, match="weight"):
        taut.VAE(**OPTIONS).fit(numbers, sample_weight=weights)


@pytest.mark.slow
def test_a_row_of_weight_zero_teaches_nothing_about_columns(frame):
    """scikit-learn#16298: its category and its far number are not part of what the columns are taken for."""
    odd = frame.copy()
    odd.loc[10, ["a", "c"]] = [1e9, "rare"]
    weights = np.where(np.arange(60) == 10, 0.0, 1.0)
    with_it, without = (
        taut.VAE(**OPTIONS).fit(odd, sample_weight=weights),
        taut.VAE(**OPTIONS).fit(odd.drop(index=10)),
    )
    assert with_it.schema_.columns == without.schema_.columns
    assert with_it.score(frame) == pytest.approx(without.score(frame), abs=1e-5)
