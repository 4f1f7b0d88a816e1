"""From sheets to codes and back: nothing is lost, and what does not fit is named."""

import datetime
import math

import msgspec
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taut import data
from taut.errors import DataError, ShapeError, SupportError
from tests.data.sentences import refused

BACKENDS = ["pyarrow", "pandas", "polars"]
FINITE = {"allow_nan": False, "allow_infinity": False}
CELLS = {
    "real": st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    "positive": st.floats(1e-3, 1e6),
    "bounded": st.floats(0.001, 0.999),
    "count": st.integers(0, 10_000),
    "binary": st.booleans(),
    "categorical": st.sampled_from(["a", "b", "c", ""]),
    "ordinal": st.integers(-3, 3),
    "date": st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)),
    "moment": st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1)),
    "note": st.text("xyz", max_size=3),
}
TYPES = {
    "real": pa.float64(),
    "positive": pa.float64(),
    "bounded": pa.float64(),
    "count": pa.int64(),
    "binary": pa.bool_(),
}
TYPES |= {"categorical": pa.string(), "ordinal": pa.int64(), "date": pa.date32(), "moment": pa.timestamp("us")}
TYPES |= {"note": pa.string()}
KINDS = {name: "date" if name == "moment" else "ignore" if name == "note" else name for name in CELLS}


@st.composite
def mixed(draw):
    """Columns of every kind with holes, each with two values at least."""
    n = draw(st.integers(4, 12))
    columns = {}
    for name, cells in CELLS.items():
        first = draw(st.lists(cells, min_size=2, max_size=2, unique=True))
        rest = draw(st.lists(st.none() | cells, min_size=n - 2, max_size=n - 2))
        columns[name] = pa.array(draw(st.permutations(first + rest)), TYPES[name])
    return pa.table(columns)


def in_backend(table, backend):
    pytest.importorskip(backend)
    return nw.from_arrow(table, backend=backend).to_native()


def cells_of(frame):
    """Every cell as a Python object, None for holes of any kind."""
    frame = nw.from_native(frame, eager_only=True)
    return {name: [plain(cell) for cell in frame[name].to_list()] for name in frame.columns}


def dtypes_of(frame):
    return frame.schema.types if isinstance(frame, pa.Table) else list(frame.dtypes)


def plain(cell):
    if cell is None or (isinstance(cell, float) and math.isnan(cell)) or type(cell).__name__ == "NaTType":
        return None
    return cell.to_pydatetime() if hasattr(cell, "to_pydatetime") else cell


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=15)
@given(table=mixed())
def test_what_is_encoded_comes_back(backend, table):
    frame = in_backend(table, backend)
    sheet = data.as_sheet(frame)
    schema = data.infer_schema(sheet, KINDS)
    encoded = data.encode(schema, sheet)
    assert encoded.values.dtype == np.float64
    assert encoded.columns == [name for name in CELLS if name != "note"]
    back = data.decode(schema, encoded.values, like=frame)
    assert type(back) is type(frame)
    expected, came = cells_of(frame), cells_of(back)
    for name in encoded.columns:
        if name in ("real", "positive"):
            known = [cell for cell in expected[name] if cell is not None]
            assert [cell is None for cell in came[name]] == [cell is None for cell in expected[name]]
            # Divided by a unit and multiplied again, a number may lose its last bit.
            close = {"rtol": 0, "atol": 1e-9} if name == "real" else {"rtol": 2.3e-16}
            np.testing.assert_allclose([cell for cell in came[name] if cell is not None], known, **close)
        elif name == "moment":
            assert [cell is None for cell in came[name]] == [cell is None for cell in expected[name]]
            pairs = zip(came[name], expected[name], strict=True)
            # Days as float64 count a century to less than two microseconds.
            assert all(
                abs(back - cell) <= datetime.timedelta(microseconds=2) for back, cell in pairs if cell is not None
            )
        else:
            assert came[name] == expected[name]


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=15)
@given(table=mixed())
def test_filling_touches_holes_only(backend, table):
    frame = in_backend(table, backend)
    sheet = data.as_sheet(frame)
    schema = data.infer_schema(sheet, KINDS)
    values = np.where(np.isnan(encoded := data.encode(schema, sheet).values), 0.4, encoded)
    filled = data.fill(schema, sheet, values)
    assert list(filled.columns if backend != "pyarrow" else filled.column_names) == sheet.columns
    before, after = cells_of(frame), cells_of(filled)
    for name in sheet.columns:
        for old, new in zip(before[name], after[name], strict=True):
            assert (new == old) if old is not None else ((new is None) == (name == "note"))
    assert dtypes_of(filled) == dtypes_of(frame)
    assert cells_of(frame) == before, "the frame that came must not change"


@settings(max_examples=15)
@given(table=mixed())
def test_a_schema_survives_json_yaml_and_being_given_back(table, tmp_path_factory):
    sheet = data.as_sheet(table)
    for schema in (data.infer_schema(sheet), data.infer_schema(sheet, KINDS)):
        assert msgspec.json.decode(msgspec.json.encode(schema), type=data.Schema) == schema
        path = tmp_path_factory.mktemp("schema") / "schema.yaml"
        data.write_schema(schema, path)
        assert data.infer_schema(sheet, data.read_schema(path)) == schema


def fitted(columns, given=None, name="data"):
    sheet = data.as_sheet(columns, name)
    return data.infer_schema(sheet, given), sheet


def test_codes_numbers_and_days():
    days = [datetime.date(2020, 1, day) for day in (1, 2, 3, 6)]
    schema, sheet = fitted(
        {
            "day": days,
            "sex": ["m", "f", None, "f"],
            "size": [9.5, None, 10.5, 13.0],
            "visits": [0, 3, None, 9],
            "id": list("wxyz"),
        },
        {"size": "real", "visits": "count"},
    )
    table = data.encode(schema, sheet)
    assert table.columns == ["day", "sex", "size", "visits"]
    nan = np.nan
    units = [np.std([1, 2, 3, 6]), 1.0, np.std([9.5, 10.5, 13.0]), 1.0]
    moved = table.values * units
    np.testing.assert_allclose(moved, [[-2, 1, -1.5, 0], [-1, 0, nan, 3], [0, nan, -0.5, nan], [3, 0, 2.0, 9]])
    assert table.notes == []


def test_columns_are_found_by_name_and_others_left_out():
    schema, _ = fitted({"a": [1.5, 2.5, 4.5], "b": ["x", "y", "x"]})
    table = data.encode(schema, data.as_sheet({"new": [0], "b": ["y"], "a": [None]}))
    np.testing.assert_array_equal(table.values, [[np.nan, 1]])
    assert table.notes == ["Not among the columns of the fit, and ignored: `new`."]


def test_columns_without_names_are_found_by_position():
    schema, _ = fitted(np.array([[1.5, 0], [2.5, 1], [4.5, 0]]))
    np.testing.assert_array_equal(data.encode(schema, data.as_sheet({"a": [None], "b": [1]})).values, [[np.nan, 1]])
    with refused(ShapeError, "expecting 2 features", "has 3"):
        data.encode(schema, data.as_sheet(np.ones((1, 3))))


def test_categories_that_the_fit_did_not_see():
    schema, _ = fitted({"a": ["x", "y", "x"]})
    sheet = data.as_sheet({"a": ["y", "z", None, "w"]})
    table = data.encode(schema, sheet)
    np.testing.assert_array_equal(table.values[:, 0], [1, np.nan, np.nan, np.nan])
    assert table.notes[0].startswith("Column `a`: 2 rows with a category that the fit did not see, first `z` in row 1 ")
    assert "3 of 4 rows" in table.notes[1]
    with refused(SupportError, "`a`", "`z`", "row 1 "):
        data.encode(schema, sheet, strict=True)


@pytest.mark.parametrize(
    ("trained", "scored"), [([True, False], ["True", "false"]), (["True", "False"], [True, False])]
)
def test_truth_values_and_their_spelling_are_one(trained, scored):
    schema, _ = fitted({"a": trained * 2})
    codes = data.encode(schema, data.as_sheet({"a": scored})).values[:, 0]
    np.testing.assert_array_equal(codes, data.encode(schema, data.as_sheet({"a": trained})).values[:, 0])


@pytest.mark.parametrize(
    ("trained", "given", "scored", "kind", "words"),
    [
        ([1.5, 2.5, 3.5], "real", ["1.5", "tall"], DataError, ["numbers", "`a`", "`tall`", "row 1 "]),
        ([1.5, 2.5, 3.5], "real", [1.0, float("inf")], DataError, ["finite", "`a`", "`inf`", "row 1 "]),
        ([1.5, 2.5, 3.5], "real", [datetime.date(2020, 1, 1)], DataError, ["numbers", "`a`", "`2020-01-01`"]),
        ([1.5, 2.5, 3.5], "positive", [1.0, None, 0.0], SupportError, ["above 0", "`a`", "row 2 "]),
        ([1.5, 2.5, 3.5], {"low": 0, "high": 9}, [1.0, 9.5], SupportError, ["`a`", "`9.5`", "0.0 and 9.0"]),
        ([1, 2, 3], "count", [1, -1], SupportError, ["`a`", "`-1`", "row 1 "]),
        ([1, 2, 3], "count", [1, 1.5], SupportError, ["`a`", "`1.5`", "row 1 "]),
        (["a", "b", "a"], None, [1, 2], DataError, ["text", "`a`", "`1`", "row 0 "]),
        ([1, 2, 1], None, ["x", "y"], DataError, ["numbers", "`a`", "`x`", "row 0 "]),
        (["2020-01-01", "2020-01-02", "2020-01-03"], None, ["soon"], DataError, ["dates", "`a`", "`soon`"]),
    ],
)
def test_cells_that_do_not_fit(trained, given, scored, kind, words):
    schema, _ = fitted({"a": trained}, None if given is None else {"a": given})
    with refused(kind, *words):
        data.encode(schema, data.as_sheet({"a": scored}))


def test_a_column_that_went_missing():
    schema, _ = fitted({"a": [True, False], "id": ["x", "y"]})
    assert data.encode(schema, data.as_sheet({"a": [True]})).values.tolist() == [[1.0]]
    with refused(DataError, "`a`", "new", "none of that name"):
        data.encode(schema, data.as_sheet({"b": [1]}, "new"))


def test_a_column_with_nothing_in_it_is_of_any_type():
    schema, _ = fitted({"a": ["x", "y", "x"], "b": [1.5, 2.5, 2.5], "c": ["2020-01-01", "2020-01-03", "2020-01-09"]})
    nothing = data.as_sheet({name: [None, None] for name in "abc"})
    assert np.isnan(data.encode(schema, nothing).values).all()
    filled = data.fill(schema, nothing, np.array([[1.0, 0.0, 0.0], [np.nan, 1.0, 2.0]]))
    assert filled["a"].to_pylist() == ["y", None]
    assert filled["b"].to_pylist() == [1.5, 2.5]


def test_numbers_that_no_model_should_give_are_brought_back():
    schema, _ = fitted(
        {"n": [0, 4, 9], "p": [1, 5, 9], "s": [0.2, 0.3, 0.4], "o": [1, 2, 3], "z": [-5, 0, 7]},
        {"n": "count", "p": "positive", "s": "bounded", "o": "ordinal", "z": "real"},
    )
    z, unit = schema.column("z"), schema.column("p").unit
    values = np.array([[-3.0, 0.2 / unit, 1.5, 9.0, 0.4], [2.6, 4.4 / unit, -1.0, -1.0, np.nan]])
    assert data.decode(schema, values).to_pylist() == [
        {"n": 0, "p": 1, "s": 1.0, "o": 3, "z": round(z.offset + 0.4 * z.unit)},
        {"n": 3, "p": 4, "s": 0.0, "o": 1, "z": None},
    ]


def test_decoding_takes_the_types_of_the_frame_it_is_like():
    schema, _ = fitted({"a": [1, 2, 3, 1, 2, 3], "b": ["x", "y"] * 3})
    like = pa.table({"b": pa.array(["y"]).dictionary_encode(), "a": pa.array([1], pa.int8())})
    back = data.decode(schema, np.array([[0.0, 1.0], [2.0, 0.0]]), like=like)
    assert back.schema.field("a").type == pa.int8()
    assert back["b"].to_pylist() == ["y", "x"]


def test_shapes_that_do_not_fit():
    schema, sheet = fitted({"a": [True, False]})
    with refused(ShapeError, "1 modelled", "(2, 2)"):
        data.decode(schema, np.zeros((2, 2)))
    with refused(ShapeError, "2 rows", "got 3"):
        data.fill(schema, sheet, np.zeros((3, 1)))


def test_pandas_keeps_its_own_types():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "whole": [3.0, np.nan, 5.0, 9.0],
            "nullable": pandas.array([1, None, 3, 4], dtype="Int64"),
            "narrow": np.array([1.5, np.nan, 2.5, 7.5], np.float32),
            "group": pandas.Categorical(["u", None, "v", "w"], ["w", "v", "u"]),
            "level": pandas.Categorical(["lo", None, "hi", "mid"], ["lo", "mid", "hi"], ordered=True),
            "flag": pandas.array([True, None, False, True], dtype="boolean"),
            "when": pandas.to_datetime(["2020-01-01", None, "2020-01-05", "2020-02-01"]),
            "spelled": ["2020-01-01", None, "2020-01-05", "2020-02-01"],
        },
        index=[10, 11, 12, 13],
    )
    kinds = {"whole": "count", "nullable": "real", "narrow": "real", "group": "categorical"}
    sheet = data.as_sheet(frame)
    schema = data.infer_schema(sheet, kinds)
    filled = data.fill(schema, sheet, np.ones((4, 8)))
    assert list(filled.index) == list(frame.index)
    assert list(filled.dtypes) == list(frame.dtypes)
    assert filled.loc[11, "whole"] == 1.0
    assert filled.loc[11, "group"] == schema.column("group").categories[1]
    assert filled.loc[11, "level"] == "mid"
    assert len(str(filled.loc[11, "spelled"])) == 10
    assert filled.drop(index=11).equals(frame.drop(index=11))
    back = data.decode(schema, data.encode(schema, sheet).values, like=sheet)
    assert list(back.dtypes) == list(frame.dtypes)


def test_zones_come_back():
    moments = pa.array([0, 10**15, None], pa.timestamp("us", "Europe/Berlin"))
    schema, sheet = fitted({"a": moments})
    assert data.decode(schema, data.encode(schema, sheet).values)["a"].to_pylist() == moments.to_pylist()


def test_without_any_modelled_column():
    schema, sheet = fitted({"a": [1, 1], "b": ["x", "x"]})
    assert data.encode(schema, sheet).values.shape == (2, 0)
    assert data.decode(schema, np.empty((2, 0))).num_columns == 0
    assert data.fill(schema, sheet, np.empty((2, 0))).num_columns == 2


def test_pandas_keeps_its_index():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": ["x", None, "y", "x"], "b": [np.nan] * 4}, index=[7, 5, 3, 1])
    trained = data.infer_schema(data.as_sheet({"a": ["x", "y", "x"], "b": [1.5, 2.25, 9.0]}))
    filled = data.fill(trained, data.as_sheet(frame), np.array([[0.0, offset] for offset in range(4)]))
    assert filled["a"].to_dict() == {7: "x", 5: "x", 3: "y", 1: "x"}
    b = trained.column("b")
    # With as many decimals as the cells that the schema has seen.
    assert filled["b"].tolist() == [round(b.offset + b.unit * place, 2) for place in range(4)]
    assert list(filled.index) == list(data.decode(trained, np.zeros((4, 2)), like=frame).index) == [7, 5, 3, 1]
