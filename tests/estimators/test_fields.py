"""One kind of data: images and counts beside columns, and what is asked of columns asked of their entries."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import taut
from taut.errors import DataError, OptionError, ShapeError
from tests.quick import quick

OPTIONS = {"latent_dim": 1, "hidden": (), "max_epochs": 2, "random_state": 0, "learning_rate": 0.01}
ROWS, PIXELS = 60, 6


def pixels(n=ROWS, seed=0):
    """Zeros and ones that come together, so that one tells of the others."""
    generator = np.random.default_rng(seed)
    level = generator.random((n, 1)) < 0.5
    return (level ^ (generator.random((n, PIXELS)) < 0.1)).astype(np.uint8)


def mixed(holes=True):
    """An image beside a number and a category, with holes of each kind."""
    generator = np.random.default_rng(1)
    images = pixels().tolist()
    size = [*generator.normal(5.0, 2.0, ROWS)]
    if holes:
        images[0], images[1][2], size[2] = None, None, None
    sex = [["f", "m"][row] for row in generator.integers(2, size=ROWS)]
    return pa.table({"size": size, "image": pa.array(images, pa.list_(pa.uint8())), "sex": sex})


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("mixed") / "mixed.parquet"
    parquet.write_table(mixed(), path)
    return path


@pytest.fixture(scope="module")
def fitted(file):
    return taut.VAE(**OPTIONS).fit(taut.datasets.load(file))


def test_an_image_beside_columns_is_a_field_among_them(fitted):
    size, image, sex = fitted.schema_.columns
    assert (size.family, image.family, sex.family) == ("gaussian", "bernoulli", "bernoulli")
    assert (size.width, image.width, sex.width) == (1, PIXELS, 1)
    assert (fitted.n_features_in_, list(fitted.feature_names_in_)) == (3, ["size", "image", "sex"])


def test_its_log_p_given_the_rest_is_a_difference_of_log_p(fitted):
    rows = mixed(holes=False).slice(0, 4)
    without = rows.set_column(1, "image", pa.nulls(4, rows.schema.field("image").type))
    whole, part = (fitted.account(each, draws=3000).log_p for each in (rows, without))
    np.testing.assert_allclose(fitted.score_samples(rows, of="image", draws=3000), whole - part, atol=0.1)


def test_a_whole_image_is_filled_and_one_pixel_and_nothing_else_changes(fitted):
    rows = mixed()
    filled = fitted.impute(rows)
    assert filled.schema == rows.schema
    assert set(filled["image"][0].as_py()) <= {0, 1}
    came, now = (each["image"].to_pylist()[1:] for each in (rows, filled))
    assert now[0][2] in (0, 1)
    assert now[0][:2] + now[0][3:] == came[0][:2] + came[0][3:]
    assert now[1:] == came[1:]
    assert filled["sex"] == rows["sex"]


def test_cells_of_pandas_are_filled_as_they_are(fitted):
    pandas = pytest.importorskip("pandas")
    images = [*pixels(3)]
    holed = [None, images[1].astype(float), images[2]]
    holed[1][3] = np.nan
    frame = pandas.DataFrame({"size": [4.0, 5.0, 6.0], "image": holed, "sex": list("ffm")}, index=[7, 8, 9])
    filled = fitted.impute(frame)
    assert list(filled.index) == [7, 8, 9]
    assert filled["image"][9] is images[2]
    assert [cell.shape for cell in filled["image"]] == [(PIXELS,)] * 3
    np.testing.assert_array_equal(np.delete(filled["image"][8], 3), np.delete(images[1], 3))
    as_lists = fitted.impute(frame.assign(image=[cell if cell is None else cell.tolist() for cell in holed]))
    assert [type(cell) for cell in as_lists["image"]] == [list] * 3


def test_draws_hold_what_is_given_of_columns_and_of_pixels(fitted):
    rows = fitted.sample(3, given={"sex": "f", "image[2]": [0, 1, 1]})
    assert rows.column_names == ["size", "image", "sex"]
    assert rows["sex"].to_pylist() == ["f"] * 3
    assert [len(image) for image in rows["image"].to_pylist()] == [PIXELS] * 3
    assert [image[2] for image in rows["image"].to_pylist()] == [0, 1, 1]


def test_the_ledger_and_the_folder_know_it(fitted, tmp_path):
    ledger = fitted.audit(mixed().slice(0, 4), draws=20, bracket=False)
    columns = {column.name: column for column in ledger.columns}
    assert list(columns) == ["size", "image", "sex"]
    assert sum(column.distortion.value for column in ledger.columns) == pytest.approx(ledger.distortion.value, rel=1e-4)
    assert columns["image"].cells == 3 * PIXELS - 1
    assert len(ledger.figures.originals[0]) == PIXELS
    assert ledger.figures.table.columns == ["size", "sex"]
    fitted.save(tmp_path / "run")
    loaded = taut.load(tmp_path / "run")
    assert loaded.schema_ == fitted.schema_
    np.testing.assert_array_equal(loaded.score_samples(mixed(), draws=20), fitted.score_samples(mixed(), draws=20))


def test_a_column_of_lists_is_fitted_as_the_array_of_them():
    array = taut.VAE(**OPTIONS, likelihood="bernoulli").fit(pixels())
    lists = taut.VAE(**OPTIONS, likelihood="bernoulli").fit({"image": list(pixels())})
    np.testing.assert_array_equal(lists.score_samples({"image": list(pixels())}), array.score_samples(pixels()))
    assert [cell.as_py() for cell in lists.sample(2, seed=1)["image"]] == array.sample(2, seed=1).tolist()
    assert lists.schema_.one_block == dataclasses.replace(
        array.schema_.one_block,
        name="image",
        dtype="other",
        block=dataclasses.replace(array.schema_.one_block.block, listed=True),
    )


@pytest.mark.parametrize(
    ("images", "wanted"),
    [([[0, 1], [1]], ShapeError), ([["a"], ["b"]], DataError), ([[0.0, np.inf], [1.0, 2.0]], DataError)],
)
def test_lists_that_are_no_block_are_one_sentence(images, wanted):
    with pytest.raises(wanted, match="Wanted"):
        taut.VAE(**OPTIONS).fit({"image": images * 10})


def test_other_lists_than_those_of_the_fit_are_refused(fitted):
    with pytest.raises(ShapeError, match=r"lists of 6 numbers in column `image`"):
        fitted.score_samples({"size": [1.0], "sex": ["f"], "image": [[0, 1]]})
    frame = pytest.importorskip("pandas").DataFrame({"size": [1.0, 2.0], "sex": ["f", "m"], "image": [[0] * 6, "a"]})
    with pytest.raises(DataError, match="Wanted lists of numbers in column `image`"):
        fitted.score_samples(frame)
    with pytest.raises(Exception, match="zeros and ones"):
        fitted.score_samples({"size": [1.0], "sex": ["f"], "image": [[0, 1, 2, 0, 0, 0]]})


# ── pixels and counts of an array ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def array():
    return taut.VAE(**OPTIONS | {"max_epochs": 30}, likelihood="bernoulli").fit(pixels(300))


def test_draws_of_an_array_hold_the_entries_that_are_given_and_follow_them(array):
    for name in ("x1", 1):
        low, high = (array.sample(200, given={name: value}, seed=2) for value in (0, 1))
        assert (low[:, 1] == 0).all()
        assert (high[:, 1] == 1).all()
        # The entries agree in four of five rows, or more.
        assert high[:, 0].mean() - low[:, 0].mean() > 0.4


@pytest.mark.parametrize("given", quick({"x9": 1}, of=[{"x9": 1}, {9: 1}, {"age": 1}]))
def test_entries_that_are_not_there_are_refused(given, array):
    with pytest.raises(OptionError, match="`given` wants columns among x0, x1"):
        array.sample(1, given=given)


def test_values_that_a_pixel_cannot_have_are_refused(array):
    with pytest.raises(taut.errors.SupportError, match="zeros and ones"):
        array.sample(1, given={"x0": 0.5})
