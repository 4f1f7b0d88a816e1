"""What an estimator may be given."""

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from taut import data
from taut.errors import DataError, ShapeError
from tests.data.sentences import refused


def test_a_table_passes_as_it_is():
    table = data.as_table(np.eye(2))
    assert data.as_table(table) is table


def test_rows_as_lists():
    table = data.as_table([[1, 2, 3], [4, 5, 6]])
    assert (table.features, table.name, table.columns) == (3, "X", None)


def test_a_stack_of_images():
    assert data.as_table(np.zeros((5, 2, 3))).image_shape == (2, 3)


@pytest.mark.parametrize("wrap", [lambda frame: frame, nw.from_native], ids=["pyarrow", "narwhals"])
def test_a_data_frame(wrap):
    table = data.as_table(wrap(pa.table({"a": pa.array([1, 2], pa.uint8()), "b": pa.array([0.5, 1.5], pa.float32())})))
    assert (table.columns, table.values.dtype) == (["a", "b"], np.float32)
    np.testing.assert_array_equal(table.values, [[1, 0.5], [2, 1.5]])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_other_libraries(library):
    table = data.as_table(pytest.importorskip(library).DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))
    assert table.columns == ["a", "b"]
    np.testing.assert_array_equal(table.values, [[1, 0.5], [2, 1.5]])


def test_decimals_are_numbers():
    table = data.as_table(pa.table({"a": pa.array([1, 2]).cast(pa.decimal128(21, 2))}))
    np.testing.assert_array_equal(table.values, [[1], [2]])


@pytest.mark.parametrize(
    ("X", "kind", "words"),
    [
        ([[1, 2], [3]], DataError, ["one length"]),
        ([[1, None]], DataError, ["Python objects"]),
        ([["a"]], DataError, ["text"]),
        ([], DataError, ["0 sample(s)"]),
        ([1.0, 2.0], ShapeError, ["Reshape your data"]),
        (object(), DataError, ["is a object"]),
        (np.ma.masked_invalid([[1.0, np.nan]]), DataError, ["masked"]),
        (pa.table({"a": ["x"]}), DataError, ["`a`", "text"]),
        (pa.table({"a": [1, None]}), DataError, ["Missing", "row 1 ", "`a`"]),
        (pa.table({}), DataError, ["0 "]),
        (pa.table([[1], [2]], ["a", "a"]), DataError, ["distinct", "'a'"]),
    ],
)
def test_what_cannot_be_used(X, kind, words):
    with refused(kind, *words):
        data.as_table(X)


@pytest.mark.parametrize("holed", [np.array([[1.0, np.nan]]), [[1, None]], pa.table({"a": [1], "b": pa.nulls(1)})])
def test_holes_pass_where_they_are_asked_for(holed):
    np.testing.assert_array_equal(data.as_table(holed, holes=True).values, [[1, np.nan]])
    with refused(DataError, "X"):
        data.as_table(holed)


def test_masked_cells_are_holes():
    masked = np.ma.masked_equal([[1, 7]], 7)
    np.testing.assert_array_equal(data.as_table(masked, holes=True).values, [[1, np.nan]])


def test_infinity_is_no_hole():
    with refused(DataError, "infinity", "row 0, column 1"):
        data.as_table(np.array([[np.nan, np.inf]]), holes=True)


def test_one_row_is_too_few_to_fit():
    data.check_enough_rows(data.as_table(np.ones((2, 3))))
    with refused(DataError, "`X`", "1 sample"):
        data.check_enough_rows(data.as_table(np.ones((1, 3))))


def test_constant_data_teach_nothing():
    data.check_varies(data.as_table([[1, 1], [1, 2]]))
    with refused(DataError, "`X`", "every cell", "7"):
        data.check_varies(data.as_table(np.full((4, 3), 7)))


def test_an_audit_sees_the_columns_of_the_fit():
    table = data.as_table(pa.table({"a": [1], "b": [2]}))
    data.check_same_features(table, 2, columns=["a", "b"])
    data.check_same_features(data.as_table([[1, 2]]), 2, columns=["a", "b"])
    with refused(ShapeError, "X has 2 features, but VAE is expecting 3 features as input"):
        data.check_same_features(table, 3, model="VAE")
    with refused(ShapeError, "column 0", "`a`", "`b`"):
        data.check_same_features(table, 2, columns=["b", "a"])
