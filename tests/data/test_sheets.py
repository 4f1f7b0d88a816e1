"""Tables as people have them, from frames, arrays, rows and columns."""

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest

from taut import data
from taut.errors import DataError, ShapeError
from tests.data.sentences import refused


def kinds(sheet):
    return [column.kind for column in data.infer_schema(sheet).columns]


def test_a_sheet_passes_as_it_is():
    sheet = data.as_sheet({"a": [1]})
    assert data.as_sheet(sheet) is sheet
    assert (len(sheet), sheet.columns, sheet.name, sheet.notes) == (1, ["a"], "X", [])
    assert repr(sheet) == "Sheet('X', 1 rows, 1 columns)"


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_other_libraries(library):
    frame = pytest.importorskip(library).DataFrame({"a": [1, 2], "b": ["x", None]})
    sheet = data.as_sheet(frame)
    assert sheet.columns == ["a", "b"]
    assert sheet.native is frame


def test_numbers_without_names_are_counted():
    sheet = data.as_sheet(np.array([[1.5, np.nan], [2.5, 3.5]]), "data")
    assert (sheet.columns, sheet.named) == (["x0", "x1"], False)
    assert sheet.native["x1"].null_count == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8", "int8", ">i4", "uint64", "bool"])
def test_every_dtype_of_numbers(dtype):
    X = np.array([[0, 1], [1, 0]], dtype)
    table = data.encode(data.infer_schema(data.as_sheet(X)), data.as_sheet(X))
    np.testing.assert_array_equal(table.values, X)


def test_masked_cells_are_holes():
    sheet = data.as_sheet(np.ma.masked_equal(np.array([[1, 7], [2, 3]]), 7))
    assert sheet.native["x1"].to_pylist() == [None, 3]


def test_text_arrays_spell_numbers_and_holes():
    sheet = data.as_sheet(np.array([["1", "a", ""], ["NA", "b", "2.5"], ["3", "?", "1"]]))
    assert [sheet.native[name].to_pylist() for name in sheet.columns] == [
        [1, None, 3],
        ["a", "b", None],
        [None, 2.5, 1],
    ]
    assert sheet.notes == ["`?` was read as missing in column 1 (counting from 0)."]


def test_objects_keep_their_types():
    sheet = data.as_sheet(np.array([[1, "a", True, None], [None, "b", False, 2.5]], object))
    assert [str(field.type) for field in sheet.native.schema] == ["int64", "string", "bool", "double"]


def test_rows_as_lists_and_as_mappings():
    rows = data.as_sheet([(1, "a"), (None, "b")])
    assert rows.native.to_pylist() == [{"x0": 1, "x1": "a"}, {"x0": None, "x1": "b"}]
    named = data.as_sheet([{"a": 1}, {"b": "x"}])
    assert named.native.to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


def test_a_table_of_numbers_is_a_sheet():
    assert data.as_sheet(data.as_table(np.eye(2))).columns == ["x0", "x1"]
    assert data.as_sheet(data.as_table(pa.table({"a": [1]}))).columns == ["a"]


def test_types_that_do_not_mix_become_text():
    sheet = data.as_sheet({"a": [1, "x", None, 2.5, float("nan")]})
    assert sheet.native["a"].to_pylist() == ["1", "x", None, "2.5", None]


@pytest.mark.parametrize(
    ("X", "kind", "words"),
    [
        ([], DataError, ["0 sample(s)"]),
        (np.empty((0, 3)), DataError, ["0 sample(s)"]),
        ({}, DataError, ["0 "]),
        (pa.table({"a": pa.array([], pa.int8())}), DataError, ["0 sample(s)"]),
        (np.ones(3), ShapeError, ["(3,)"]),
        (np.ones((2, 2, 2)), ShapeError, ["(2, 2, 2)"]),
        ([1.0, 2.0], DataError, ["is a list"]),
        ("penguins", DataError, ["is a str"]),
        (object(), DataError, ["is a object"]),
        ([[1, 2], [3]], DataError, ["one length"]),
        ({"a": [1], "b": [1, 2]}, ShapeError, ["`b`", "2 rows", "1 of `a`"]),
        (pa.table([[1], [2]], ["a", "a"]), DataError, ["distinct", "'a'"]),
    ],
)
def test_what_is_no_sheet(X, kind, words):
    with refused(kind, *words):
        data.as_sheet(X)


def test_a_lazy_frame_is_collected():
    polars = pytest.importorskip("polars")
    query = polars.LazyFrame({"a": [1, 2]}).with_columns(b=polars.col("a") / 2)
    assert data.as_sheet(query).columns == ["a", "b"]
    assert data.as_table(query).columns == ["a", "b"]
    with refused(DataError, "LazyFrame", "query fails"):
        data.as_sheet(query.select("c"))


def test_batches_of_arrow_keep_their_names():
    batch = pa.record_batch({"age": [31, 42], "sex": ["f", "m"]})
    assert data.as_sheet(batch).columns == ["age", "sex"]
    with refused(DataError, "stream", "read_all()"):
        data.as_sheet(pa.table(batch).to_reader())


def test_names_of_several_levels():
    pandas = pytest.importorskip("pandas")
    names = pandas.MultiIndex.from_product([["a"], [1, 2]])
    for reader in (data.as_sheet, data.as_table):
        with refused(DataError, "2 levels", "join"):
            reader(pandas.DataFrame(np.eye(2), columns=names))


def test_pandas_with_twins():
    pandas = pytest.importorskip("pandas")
    with refused(DataError, "distinct"):
        data.as_sheet(pandas.DataFrame([[1, 2]], columns=["a", "a"]))
    with refused(DataError, "distinct", "`1`"):
        data.as_sheet(pandas.DataFrame([[1, 2]], columns=[1, "1"]))


def test_pandas_objects_of_several_types():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "mixed": pandas.Series([1, "a", None, "a", 1, 1], dtype=object),
            "decimals": pandas.Series([decimal.Decimal("1.5"), decimal.Decimal("NaN"), 2, 4, 5.5, 7], dtype=object),
            "dates": [datetime.date(2020, 1, day) for day in (1, 2, 3, 4, 5, 9)],
            "lists": [[1], [2], [3], [4], [5], [6]],
            "texts": [["a"], ["b", "c"], [], ["d"], ["e"], ["f"]],
            "some lists": [[1], "a", [2], 3, [4], [5]],
            "absent": [pandas.NA, pandas.NaT, None, np.nan, None, None],
        }
    )
    assert kinds(data.as_sheet(frame)) == ["binary", "real", "date", "real", "text", "text", "constant"]


@pytest.mark.parametrize("library", ["pandas", "mapping", "records"])
def test_cells_that_are_images_are_a_block_of_their_shape(library):
    images = [*np.random.default_rng(0).integers(0, 2, (20, 3, 4)).astype(">u2"), None]
    X = [{"image": image} for image in images] if library == "records" else {"image": images}
    sheet = data.as_sheet(pytest.importorskip("pandas").DataFrame(X) if library == "pandas" else X)
    block = data.infer_schema(sheet).column("image").block
    assert (block.width, block.shape) == (12, (3, 4))
    values, _ = data.lists_in(sheet, 0)
    np.testing.assert_array_equal(values[:20], np.reshape(images[:20], (20, 12)))
    assert np.isnan(values[20]).all()
