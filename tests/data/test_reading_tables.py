"""Blocks of numbers from .csv and .parquet files."""

import datetime
import time

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from taut import data
from taut.errors import DataError
from tests.data.sentences import refused


def written(folder, text, name="a.csv"):
    (folder / name).write_text(text, "utf-8")
    return folder / name


def numbers_in(path):
    return data.as_table(data.read(path))


def test_a_header_names_the_columns(tmp_path):
    table = numbers_in(written(tmp_path, "age,height\n30,1.5\n40,1.25\n"))
    assert table.columns == ["age", "height"]
    assert table.values.dtype == np.float64
    np.testing.assert_array_equal(table.values, [[30, 1.5], [40, 1.25]])


def test_numbers_in_the_first_line_are_data(tmp_path):
    table = numbers_in(written(tmp_path, "1,2e0\n3,-4\n"))
    assert table.columns is None
    np.testing.assert_array_equal(table.values, [[1, 2], [3, -4]])


def test_a_first_line_that_counts_up_is_a_header_and_said_to_be(tmp_path):
    table = numbers_in(written(tmp_path, "0,1,2,3,4\n5,6,7,8,9\n"))
    assert (len(table), table.columns) == (1, ["0", "1", "2", "3", "4"])
    assert "column names" in table.notes[0]


def test_a_column_without_name_is_pointed_out(tmp_path):
    table = numbers_in(written(tmp_path, ",a\n0,5\n1,7\n"))
    assert "no name" in table.notes[0]


@pytest.mark.parametrize(("text", "dtype"), [("0\n255\n", "uint8"), ("0\n256\n", "uint16"), (f"0\n{2**40}\n", "int64")])
def test_whole_numbers_take_the_smallest_dtype(tmp_path, text, dtype):
    assert data.narrowed(numbers_in(written(tmp_path, text))).values.dtype == dtype


@pytest.mark.parametrize(
    "text", ["a;b\n1;2\n", "a\tb\n1\t2\n", "\ufeffa,b\n1,2\n", "a,b\r\n1,2\r\n", '"a","b"\n"1",2\n']
)
def test_the_usual_dialects(tmp_path, text):
    table = numbers_in(written(tmp_path, text))
    assert table.columns == ["a", "b"]
    np.testing.assert_array_equal(table.values, [[1, 2]])


def test_true_and_false_are_one_and_zero(tmp_path):
    np.testing.assert_array_equal(numbers_in(written(tmp_path, "a\ntrue\nfalse\n")).values, [[1], [0]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n3\n", ["row 1 ", "has 1", "2 cells"]),
        ("1,2\n3,4\n5,6,7\n", ["row 2 ", "has 3"]),
        ("a,b\n1,2\n3,\n", ["Missing", "row 1 ", "`b`"]),
        ("a,b\n1,2\nNA,4\n", ["Missing", "row 1 ", "`a`"]),
        ("1,2\n3,nan\n", ["Missing", "row 1, column 1"]),
        ("a,b\n,1\n,2\n", ["Missing", "row 0 ", "`a`"]),
        ("a,b\n1,x\n2,y\n", ["`b`", "text", "`x`", "row 0 "]),
        ("a,b\n1,2\n2,?\n", ["Missing", "`b`", "row 1 "]),
        ("1,2\n2,?\n", ["Missing", "column 1", "row 1"]),
        ("a,b\n1,2020-01-01\n", ["`b`", "dates"]),
        ("a,a\n1,2\n", ["distinct", "`a`"]),
        ("a,b\n1,inf\n", ["infinity", "row 0 ", "`b`"]),
        ("a,b\n", ["0 sample(s)"]),
        ("\n\n", ["damaged"]),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, words):
    with refused(DataError, "a.csv", *words):
        numbers_in(written(tmp_path, text))


def test_text_in_another_encoding(tmp_path):
    (tmp_path / "a.csv").write_bytes("größe\n1\n".encode("latin-1"))
    table = numbers_in(tmp_path / "a.csv")
    assert table.columns == ["größe"]
    assert "not UTF-8" in table.notes[0]


def test_parquet_keeps_names_and_dtype(tmp_path):
    parquet.write_table(
        pa.table({"a": pa.array([1, 2], pa.int8()), "b": pa.array([True, False])}), tmp_path / "a.parquet"
    )
    table = numbers_in(tmp_path / "a.parquet")
    assert (table.columns, table.values.dtype) == (["a", "b"], np.int8)
    np.testing.assert_array_equal(table.values, [[1, 1], [2, 0]])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (["x", "y"], ["`bad`", "text", "`x`"]),
        ([1.5, None], ["Missing", "row 1 ", "`bad`"]),
        ([datetime.date(2020, 1, 1)] * 2, ["`bad`", "dates"]),
        ([[1], [2]], ["`bad`", "List"]),
        ([1.5, float("nan")], ["NaN", "row 1 ", "`bad`"]),
    ],
)
def test_parquet_columns_that_cannot_be_used(tmp_path, column, words):
    parquet.write_table(pa.table({"good": [1, 2], "bad": column}), tmp_path / "a.parquet")
    with refused(DataError, "a.parquet", *words):
        numbers_in(tmp_path / "a.parquet")


def test_parquet_cut_short(tmp_path):
    parquet.write_table(pa.table({"a": [1, 2]}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with refused(DataError, "a.parquet", "damaged"):
        numbers_in(tmp_path / "a.parquet")


@pytest.mark.slow
def test_many_columns_take_seconds(tmp_path):
    counts = np.arange(60_000).reshape(3, 20_000)
    data.write(counts, tmp_path / "wide.csv")
    start = time.perf_counter()
    table = numbers_in(tmp_path / "wide.csv")
    assert time.perf_counter() - start < 20, "the time must grow with the columns, not with their square"
    np.testing.assert_array_equal(table.values, counts)
