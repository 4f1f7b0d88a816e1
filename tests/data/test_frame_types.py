"""Types of cells as frames have them: each has its kind, and what is made of it has its type again."""

import datetime
import decimal

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from taut import data
from taut.data.extracting import readable_cells
from taut.errors import DataError
from taut.estimators.containers import in_library
from tests.data.sentences import refused

ROWS = 60
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=ROWS)
THREE = GENERATOR.integers(0, 3, ROWS)
DATES = [datetime.date(2020, 1, 1) + datetime.timedelta(days=int(day)) for day in GENERATOR.integers(0, 300, ROWS)]
SECONDS = [datetime.timedelta(seconds=int(each)) for each in GENERATOR.integers(1, 10**5, ROWS)]
DECIMALS = [decimal.Decimal(f"{x:.2f}") for x in X]


def chosen(*values):
    return [values[place] for place in THREE]


def pandas_columns(pd):
    days = pd.Series(pd.to_datetime(DATES))
    return {
        "bands": (pd.cut(X, 4), "ordinal"),
        "quantiles": (pd.qcut(X, 3), "ordinal"),
        "bands of time": (pd.cut(days, 3), "ordinal"),
        "an unused level": (pd.Categorical(chosen("a", "b", "a"), categories=["z", "b", "a"], ordered=True), "binary"),
        "order of numbers": (pd.Categorical(chosen(3, 1, 2), categories=[3, 1, 2], ordered=True), "ordinal"),
        "quarters": (days.dt.to_period("Q").astype("category"), "categorical"),
        "moments": (days.dt.to_period("Q").dt.start_time.astype("category"), "categorical"),
        "dates": (pd.Categorical([date.replace(month=1 + date.month // 7, day=1) for date in DATES]), "binary"),
        "tuples": (pd.Categorical(chosen(("a", 1), ("b", 2), ("c", 3))), "categorical"),
        "intervals": (pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3]).take(THREE), "categorical"),
        "months": (days.dt.to_period("M"), "date"),
        "zoned": (days.dt.tz_localize("Europe/Berlin"), "date"),
        "durations": (pd.Series(SECONDS), "real"),
        "Int64": (pd.array(THREE * 7, dtype="Int64"), "count"),
        "boolean": (pd.array(THREE > 0, dtype="boolean"), "binary"),
        "string": (pd.array(chosen("a", "b", "c"), dtype="string[pyarrow]"), "categorical"),
        "Arrow's": (pd.array(THREE * 7, dtype="int64[pyarrow]"), "count"),
        "single": (X.astype(np.float32), "real"),
        "beyond 64 bits": (pd.Series(chosen(2**70, 2**70 + 1, 2**80), dtype=object), "categorical"),
        "beyond 63 bits": (np.array(chosen(2**63, 2**63 + 1, 2**64 - 1), np.uint64), "categorical"),
    }


def polars_columns(pl):
    return {
        "enum": (pl.Series(chosen("a", "b", "a"), dtype=pl.Enum(["z", "b", "a"])), "binary"),
        "categorical": (pl.Series(chosen("a", "b", "a"), dtype=pl.Categorical), "binary"),
        "decimal": (pl.Series(DECIMALS, dtype=pl.Decimal(10, 2)), "real"),
        "duration": (pl.Series(SECONDS, dtype=pl.Duration("ms")), "real"),
        "date": (pl.Series(DATES), "date"),
        "moment": (pl.Series(DATES).cast(pl.Datetime("ns", "UTC")), "date"),
        "small": (pl.Series(THREE * 7, dtype=pl.Int8), "count"),
        "boolean": (pl.Series(THREE > 0), "binary"),
    }


def arrow_columns(pa):
    return {
        "dictionary": (pa.array(chosen("a", "b", "c")).dictionary_encode(), "categorical"),
        "dates": (pa.array([date.replace(day=1) for date in DATES]).dictionary_encode(), "categorical"),
        "decimal128": (pa.array(DECIMALS, pa.decimal128(10, 2)), "real"),
        "decimal256": (pa.array(DECIMALS, pa.decimal256(50, 2)), "real"),
        "half": (pa.array(X.astype(np.float16)), "real"),
        "large": (pa.array(chosen("a", "b", "c"), pa.large_string()), "categorical"),
        "duration": (pa.array(SECONDS, pa.duration("ns")), "real"),
        "date64": (pa.array(DATES, pa.date64()), "date"),
        "encoded runs": (pa.RunEndEncodedArray.from_arrays([20, ROWS], ["a", "b"]), "binary"),
    }


MAKERS = {"pandas": pandas_columns, "polars": polars_columns, "pyarrow": arrow_columns}


def framed(library, cells):
    module = pytest.importorskip(library)
    if library == "pyarrow":
        return module.table({"a": cells})
    return module.DataFrame({"a": cells})


def cases(library):
    module = pa if library == "pyarrow" else pytest.importorskip(library)
    return MAKERS[library](module).items()


def type_in(frame):
    return frame.schema.field("a").type if isinstance(frame, pa.Table) else frame["a"].dtype


def listed(frame):
    return frame["a"].to_pylist() if isinstance(frame, pa.Table) else list(frame["a"])


def close(one, other):
    if isinstance(one, float | np.floating | decimal.Decimal):
        return abs(float(one) - float(other)) < 1e-3
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("library", MAKERS)
def test_each_type_has_its_kind_and_comes_back(library):
    for what, (cells, kind) in cases(library):
        frame = framed(library, cells)
        sheet = data.as_sheet(frame)
        schema = data.infer_schema(sheet)
        assert schema.columns[0].kind == kind, (what, schema.columns[0].reason)
        codes = data.encode(schema, sheet).values
        kept = msgspec.json.decode(msgspec.json.encode(schema), type=data.Schema)  # as in a run folder
        drawn = in_library(data.decode(kept, codes), library, schema=kept)
        for made in (drawn, data.decode(schema, codes, like=frame)):
            if what != "encoded runs":
                assert type_in(made) == type_in(frame), what
            assert all(map(close, listed(frame), listed(made))), what


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_holes_are_filled_in_the_type_of_the_column(library):
    for what, (cells, _) in cases(library):
        whole = framed(library, cells)
        schema = data.infer_schema(data.as_sheet(whole))
        codes = data.encode(schema, data.as_sheet(whole)).values
        holed = (
            whole.iloc[[0, 1, 2]].reindex([0, 1, 2, -1])
            if library == "pandas"
            else whole[:3].clear(1).vstack(whole[:3])
        )
        filled = data.fill(schema, data.as_sheet(holed), codes[:4])
        assert type_in(filled) == type_in(holed), what
        assert data.as_sheet(filled).series[0].null_count() == 0, what


def test_months_come_back_as_the_nearest_one():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": pandas.period_range("2020-01", periods=30, freq="M")})
    schema = data.infer_schema(data.as_sheet(frame))
    days = np.array([[14.0], [20.0]]) / schema.column("a").unit
    moved = data.encode(schema, data.as_sheet(frame)).values[:2] + days
    assert [str(month) for month in data.decode(schema, moved, like=frame)["a"]] == ["2020-01", "2020-03"]


@pytest.mark.parametrize("start", [2**63, 2**70, 10**60])
def test_distinct_integers_of_any_length_are_keys(start):
    key = [start + number for number in range(40)]
    column = data.infer_schema(data.as_sheet({"key": key})).columns[0]
    assert column.kind == "identifier"
    assert data.infer_schema(data.as_sheet([[number] for number in key])).columns[0].kind == "identifier"


def test_a_wide_quantity_is_one_and_a_wide_key_is_one():
    wide = np.random.default_rng(0).integers(2**63, 2**64, 40, dtype=np.uint64)
    found = data.infer_schema(data.as_sheet({"amount": wide, "customer_id": wide}))
    assert [column.kind for column in found.columns] == ["real", "identifier"]


UNREADABLE = [
    pa.array([["a"], ["b", "c"], None]),
    pa.array([{"a": 1}, None, {"a": 2}]),
    pa.array([datetime.time(1, 2), None, datetime.time(3)]),
    pa.array([b"\xff", None, b"a"]),
]


@pytest.mark.parametrize("cells", UNREADABLE, ids=lambda cells: str(cells.type))
def test_what_has_no_kind_is_left_out_with_its_type_as_the_reason(cells):
    column = data.infer_schema(data.as_sheet(pa.table({"a": cells}))).columns[0]
    assert (column.kind, column.missing) == ("text", 1)
    assert str(cells.type)[:20] in column.reason


@pytest.mark.parametrize("cells", UNREADABLE, ids=lambda cells: str(cells.type))
def test_what_has_no_kind_can_still_be_called_categories(cells):
    sheet = data.as_sheet(pa.table({"a": cells}))
    column = data.infer_schema(sheet, {"a": "categorical"}).columns[0]
    assert len(column.categories) == 2
    with refused(DataError, "`a`", "numbers"):
        data.infer_schema(sheet, {"a": "real"})


def test_moments_that_no_calendar_has_name_their_cell_and_can_be_ignored():
    frame = pa.table({"x": [1.5, 2.5, 4.0], "a": pa.array([0, 2**62, 1], pa.timestamp("s"))})
    sheet = data.as_sheet(frame)
    with refused(DataError, "row 1", "`a`", "9999"):
        data.infer_schema(sheet)
    ignored = data.infer_schema(sheet, {"a": "ignore"})
    assert ignored.columns[1].reason == "ignored, as given"
    assert data.encode(ignored, sheet).columns == ["x"]
    assert readable_cells(sheet, 1) is None


def test_levels_that_look_alike_are_refused():
    pandas = pytest.importorskip("pandas")

    class Shy:
        def __str__(self):
            return "shy"

    sheet = data.as_sheet(pandas.DataFrame({"a": pandas.Categorical([Shy(), Shy()])}))
    with refused(DataError, "`a`", "written alike"):
        data.infer_schema(sheet)


def test_periods_in_a_file_are_dates(tmp_path):
    pandas = pytest.importorskip("pandas")
    months = pandas.Series(pandas.period_range("2020-01", periods=30, freq="M"))
    months[3] = None
    table = pa.table(
        {"a": pa.array(months.map(lambda month: None if pandas.isna(month) else month.ordinal), pa.int64())}
    )
    said = {"ARROW:extension:name": "pandas.period", "ARROW:extension:metadata": '{"freq": "M"}'}
    parquet.write_table(table.cast(pa.schema([pa.field("a", pa.int64(), metadata=said)])), tmp_path / "a.parquet")
    sheet = data.read_sheet(tmp_path / "a.parquet")
    column = data.infer_schema(sheet).columns[0]
    assert (column.kind, column.missing) == ("date", 1)
    assert sheet.notes == ["Periods in column `a` were read as the moments at which they begin."]


def test_a_text_file_holds_durations_in_seconds_and_lists_as_text(tmp_path):
    wait = pa.array([1500, None], pa.duration("ms"))
    data.write(pa.table({"wait": wait, "list": pa.array([[1], None]), "x": [1, 2]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines() == ['"wait","list","x"', '1.5,"[1]",1', ",,2"]
