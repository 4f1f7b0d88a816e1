"""What is written reads back, and what cannot be written leaves nothing behind."""

import datetime

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from taut import data
from taut.errors import DataError, OptionError, ShapeError
from tests.data.sentences import refused

# A file of text keeps longer whole numbers as text: they are more often account numbers than quantities.
LONGEST = 10**15 - 1
ENDINGS = [".csv", ".parquet", ".npy", ".npz"]
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)
FINITE = {"allow_nan": False, "allow_infinity": False}


def numbers_in(path):
    return data.as_table(data.read(path))


@pytest.mark.parametrize("ending", ENDINGS)
@given(values=hnp.arrays(np.float64, SHAPES, elements=FINITE))
def test_every_digit_comes_back(tmp_path_factory, ending, values):
    path = tmp_path_factory.mktemp("round") / f"a{ending}"
    data.write(values, path)
    np.testing.assert_array_equal(numbers_in(path).values, values)


@pytest.mark.parametrize("ending", ENDINGS)
@given(values=hnp.arrays(st.sampled_from(["f4", "f2", ">f4"]), SHAPES, elements=FINITE))
def test_narrow_floats_come_back(tmp_path_factory, ending, values):
    path = tmp_path_factory.mktemp("round") / f"a{ending}"
    data.write(values, path)
    np.testing.assert_array_equal(numbers_in(path).values.astype(np.float32), values)


@pytest.mark.parametrize("ending", ENDINGS)
@given(
    values=st.one_of(
        hnp.arrays(st.sampled_from(["u1", "?"]), SHAPES),
        hnp.arrays("i8", SHAPES, elements=st.integers(-LONGEST, LONGEST)),
    )
)
def test_whole_numbers_come_back(tmp_path_factory, ending, values):
    path = tmp_path_factory.mktemp("round") / f"a{ending}"
    data.write(values, path)
    np.testing.assert_array_equal(numbers_in(path).values, values)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_columns_keep_their_names(tmp_path, ending):
    data.write({"a, b": [1, 2], 'say "c"': [0.1, 0.2]}, tmp_path / f"a{ending}")
    assert data.read(tmp_path / f"a{ending}").columns == ["a, b", 'say "c"']
    data.write(np.eye(2), tmp_path / f"b{ending}", names=["z0", "z1"])
    assert data.read(tmp_path / f"b{ending}").columns == ["z0", "z1"]


def test_npz_holds_one_array_for_each_column_whatever_its_name(tmp_path):
    columns = {"file": [1, 2], "allow_pickle": [0.5, 1.5], "label": ["a", "b"]}
    data.write(columns, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert {name: archive[name].tolist() for name in archive.files} == columns


def test_text_and_non_finite_numbers_can_be_written(tmp_path):
    data.write({"label": ["x", "y, z"], "khat": [np.inf, np.nan]}, tmp_path / "a.csv")
    frame = arrow_csv.read_csv(tmp_path / "a.csv")
    assert frame["label"].to_pylist() == ["x", "y, z"]
    assert frame.schema.field("khat").type == pa.float64()


@pytest.mark.parametrize(
    ("columns", "name", "kind", "words"),
    [
        ({"a": [1]}, "a.xlsx", OptionError, ["a.xlsx", ".csv, .parquet, .npy, .npz"]),
        ({"a": [1]}, "a", OptionError, ["ending"]),
        ({}, "a.csv", ShapeError, ["none"]),
        ({"a": [1], "b": [1, 2]}, "a.csv", ShapeError, ["`b` has 2 rows, not 1"]),
        ({"a": [[1]]}, "a.csv", ShapeError, ["`a`", "(1, 1)"]),
        ({"a": np.array(1)}, "a.csv", ShapeError, ["`a`", "()"]),
        ({"a": np.array([{}])}, "a.npz", DataError, ["`a`", "object"]),
        ({"a": [1j]}, "a.parquet", DataError, ["`a`", "complex"]),
        ({"a": ["x"]}, "a.npy", DataError, ["`a`", "text"]),
        (np.ones(3), "a.csv", ShapeError, ["(3,)"]),
    ],
)
def test_what_cannot_be_written_leaves_nothing(tmp_path, columns, name, kind, words):
    with refused(kind, *words):
        data.write(columns, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_names_must_fit_the_columns(tmp_path):
    with refused(ShapeError, "2 column names", "got 1"):
        data.write(np.eye(2), tmp_path / "a.csv", names=["a"])
    with refused(OptionError, "`a` twice"):
        data.write(np.eye(2), tmp_path / "a.csv", names=["a", "a"])


def test_the_old_file_stays_where_writing_fails(tmp_path):
    data.write({"a": [1, 2]}, tmp_path / "a.npy")
    with refused(DataError, "text"):
        data.write({"a": ["x"]}, tmp_path / "a.npy")
    np.testing.assert_array_equal(data.read(tmp_path / "a.npy").values, [[1], [2]])


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "polars"])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_frames_come_back_with_text_dates_and_holes(tmp_path, library, ending):
    pytest.importorskip(library)
    columns = {
        "a": [1, None],
        "b": ["x, y", None],
        "c": [datetime.date(2020, 1, 1), None],
        "d": [0.1, 2.5],
        "e": pa.array(["u", None]).dictionary_encode(),
        "f": pa.nulls(2),
    }
    frame = nw.from_arrow(pa.table(columns), backend=library).to_native()
    data.write(frame, tmp_path / f"a{ending}")
    sheet = data.read_sheet(tmp_path / f"a{ending}")
    cells = {name: sheet.native[name].to_pylist() for name in "abde"}
    assert cells == {"a": [1, None], "b": ["x, y", None], "d": [0.1, 2.5], "e": ["u", None]}
    assert str(sheet.native["c"][0])[:10] == "2020-01-01"


def test_frames_go_to_tables_only(tmp_path):
    with refused(OptionError, "a.npy", ".csv or .parquet"):
        data.write(pa.table({"a": ["x"]}), tmp_path / "a.npy")


def test_blocks_are_gathered_into_groups_of_rows(tmp_path, monkeypatch):
    """Each group of a Parquet file costs memory until the file is whole, so there must be few."""
    monkeypatch.setattr("taut.data.row_writing.GROUP_BYTES", 8 * 100)
    with data.rows_written(tmp_path / "out.parquet") as append:
        for start in range(0, 250, 10):
            append({"x": np.arange(start, start + 10.0)})
    file = parquet.ParquetFile(tmp_path / "out.parquet")
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [100, 100, 50]
    assert file.read()["x"].to_pylist() == list(range(250))
