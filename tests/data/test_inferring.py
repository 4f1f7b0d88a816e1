"""What each column is taken for, and why."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from taut import data
from taut.errors import DataError, OptionError, SupportError
from tests.data.sentences import refused

RANDOM = np.random.default_rng(0)
N = 500
LETTERS = list("abcdefghijklmnopqrstuvwxyz")
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(days=int(day)) for day in RANDOM.integers(0, 900, N)]


def inferred(cells, given=None, name="a"):
    given = None if given is None else {name: given}
    return data.infer_schema(data.as_sheet({name: cells}, "data"), given).column(name)


def holed(values):
    return [None if row % 7 == 3 else value for row, value in enumerate(np.asarray(values).tolist())]


@pytest.mark.parametrize(
    ("cells", "kind", "family", "words"),
    [
        (RANDOM.normal(40, 5, N), "real", "gaussian", "numbers, without heavy tails"),
        (RANDOM.normal(0, 1, N), "real", "gaussian", "some negative"),
        (RANDOM.standard_t(2, N), "real", "student-t", "heavy tails"),
        (RANDOM.lognormal(1, 1, N), "positive", "log-normal", "long right tail"),
        (RANDOM.gamma(2, 3, N), "positive", "log-normal", "long right tail"),
        (RANDOM.beta(2, 2, N), "bounded", "logit-normal", "between 0 and 1"),
        (RANDOM.poisson(9, N), "count", "poisson", "from 0 up"),
        (RANDOM.negative_binomial(2, 0.1, N), "count", "negative-binomial", "variance"),
        (RANDOM.poisson(9, N) * RANDOM.integers(0, 2, N), "count", "zero-inflated-poisson", "zeros"),
        (
            RANDOM.negative_binomial(5, 0.1, N) * RANDOM.integers(0, 2, N),
            "count",
            "zero-inflated-negative-binomial",
            "zeros",
        ),
        (RANDOM.normal(200, 14, N).round().astype(int), "real", "gaussian", "density of whole numbers"),
        (RANDOM.normal(4200, 800, N).round().astype(int), "real", "gaussian", "large: a density of whole numbers"),
        (RANDOM.lognormal(8, 1, N).round().astype(int), "positive", "log-normal", "density of whole numbers"),
        (RANDOM.normal(0, 30, N).round().astype(int), "real", "gaussian", "some negative: a density of whole numbers"),
        (RANDOM.binomial(300, 0.9, N), "real", "gaussian", "more regular than a count"),
        (RANDOM.integers(1, 6, N), "ordinal", "ordered-logit", "5 whole numbers from 1 to 5"),
        (RANDOM.integers(0, 11, N), "ordinal", "ordered-logit", "11 whole numbers from 0 to 10"),
        (RANDOM.integers(2007, 2010, N), "ordinal", "ordered-logit", "from 2007 to 2009"),
        (RANDOM.poisson(1, N), "count", "poisson", "variance"),
        (RANDOM.integers(0, 2, N), "binary", "bernoulli", "0, 1"),
        (RANDOM.integers(0, 2, N) == 1, "binary", "bernoulli", "False, True"),
        (RANDOM.choice([1.5, 2.5], N), "binary", "bernoulli", "1.5, 2.5"),
        (RANDOM.choice(["yes", "no"], N), "binary", "bernoulli", "no, yes"),
        (RANDOM.choice(LETTERS[:5], N), "categorical", "categorical", "text with 5 distinct values: a, b, c, …"),
        (np.array(DAYS), "date", "gaussian", "dates"),
        (np.array([str(day) for day in DAYS]), "date", "gaussian", "dates"),
        (np.arange(N), "identifier", "", "all distinct"),
        (np.array([f"C-{row}" for row in range(N)]), "identifier", "", "all 4"),
        (np.array([f"{'word ' * 12}{row}" for row in range(N)]), "text", "", "free text"),
        (np.array([f"town {row % 200}" for row in range(N)]), "text", "", "too many"),
        (np.full(N, 7), "constant", "", "every cell that is there is 7"),
        (np.full(N, None), "constant", "", "no cell is there"),
    ],
)
def test_kinds_families_and_reasons(cells, kind, family, words):
    column = inferred(holed(cells))
    assert (column.kind, column.family) == (kind, family), column.reason
    assert words in column.reason
    assert column.modelled == bool(family)
    if not np.all(cells == None):  # noqa: E711
        assert (column.seen, column.missing) == (429, 71)


def test_keys_by_their_names():
    keys = RANDOM.permutation(10_000_000)[:N]
    assert inferred(keys, name="customer_id").kind == inferred(keys, name="customerID").kind == "identifier"
    assert inferred(keys, name="income").kind == "real"
    assert inferred(np.arange(1900, 1980), name="year").kind == "real"
    assert inferred(np.arange(5), name="id").kind != "identifier"


def test_whole_numbers_with_holes_are_whole_whatever_their_type():
    with_holes = inferred(np.array([1.0, 2.0, 3.0, np.nan] * 9))
    assert (with_holes.kind, with_holes.categories, with_holes.dtype) == ("ordinal", [1, 2, 3], "float")
    assert all(type(category) is int for category in with_holes.categories)


@pytest.mark.parametrize(
    ("cells", "categories"),
    [
        (["yes", "no", None, "no"], ["no", "yes"]),
        ([2.5, 1.5, 1.5, None], [1.5, 2.5]),
        ([7, 3, 3], [3, 7]),
        ([True, False], [False, True]),
    ],
)
def test_categories_keep_their_types_in_the_order_of_codes(cells, categories):
    column = inferred(cells)
    assert column.categories == categories
    assert [type(category) for category in column.categories] == [type(category) for category in categories]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_types_that_declare_categories(library):
    if library == "pandas":
        pandas = pytest.importorskip("pandas")
        ordered = pandas.Categorical(["low", "mid", "high", None] * 3, ["low", "mid", "never", "high"], ordered=True)
        frame = pandas.DataFrame({"o": ordered, "c": pandas.Categorical([3, 1, 2, 1] * 3)})
    elif library == "polars":
        polars = pytest.importorskip("polars")
        levels = polars.Enum(["low", "mid", "never", "high"])
        frame = polars.DataFrame({"o": ["low", "mid", "high", None] * 3, "c": ["3", "1", "2", "1"] * 3})
        frame = frame.with_columns(polars.col("o").cast(levels), polars.col("c").cast(polars.Categorical))
    else:
        codes = pa.array([0, 1, 3, None] * 3, pa.int8())
        ordered = pa.DictionaryArray.from_arrays(codes, ["low", "mid", "never", "high"], ordered=True)
        frame = pa.table({"o": ordered, "c": pa.array([3, 1, 2, 1] * 3).dictionary_encode()})
    schema = data.infer_schema(data.as_sheet(frame))
    ordinal, categorical = schema.columns
    assert (ordinal.kind, ordinal.categories, ordinal.dtype) == ("ordinal", ["low", "mid", "high"], "enum")
    assert (categorical.kind, categorical.dtype) == ("categorical", "categorical")
    assert [int(category) for category in categorical.categories] == [1, 2, 3]


def test_only_the_training_rows_are_looked_at():
    sheet = data.as_sheet({"a": ["x", "y", "x", "z"] * 5, "b": [1.5, 2.25, 9.75, 1e9] * 5})
    rows = np.flatnonzero(np.arange(20) % 4 < 3)
    schema = data.infer_schema(sheet, rows=rows)
    assert schema.column("a").categories == ["x", "y"]
    assert abs(schema.column("b").offset) < 10
    assert schema.column("b").seen == 15


def test_offsets_lie_near_the_mean_and_cost_no_digit():
    values = 1e7 + RANDOM.normal(0, 0.5, N).round(2)
    column = inferred(values)
    assert abs(column.offset - values.mean()) < 1
    assert ((values - column.offset) + column.offset == values).all()
    assert inferred(RANDOM.lognormal(5, 1, N)).offset == 0.0


@pytest.mark.parametrize(
    ("cells", "resolution"),
    [(RANDOM.normal(40, 5, N).round(1), 0.1), (RANDOM.normal(4000, 500, N).round(-2).astype(int), 100), (DAYS, 1.0)],
)
def test_the_resolution_is_the_smallest_gap(cells, resolution):
    assert inferred(cells).resolution == resolution


def test_a_schema_finds_its_columns():
    schema = data.infer_schema(data.as_sheet({"a": [1, 1], "b": [True, False]}))
    assert [column.name for column in schema.modelled] == ["b"]
    with refused(OptionError, "`c`", "`a`, `b`"):
        schema.column("c")


@pytest.mark.parametrize(
    ("cells", "given", "kind", "family"),
    [
        ([1, 2, 3, 1, 2, 3], "count", "count", "poisson"),
        ([1, 2, 3, 1, 2, 3], "categorical", "categorical", "categorical"),
        ([1, 2, 3, 1, 2, 3], "real", "real", "gaussian"),
        ([1, 2, 3, 1, 2, 3], "positive", "positive", "log-normal"),
        ([1, 2, 3, 1, 2, 3], {"low": 0, "high": 4}, "bounded", "logit-normal"),
        ([1, 2, 3, 1, 2, 3], {"kind": "bounded", "high": 4, "family": "beta"}, "bounded", "beta"),
        ([1, 2, 3, 1, 2, 3], {"family": "negative-binomial"}, "count", "negative-binomial"),
        ([1, 2, 3, 1, 2, 3], {"family": "student-t"}, "real", "student-t"),
        ([1, 2, 3, 1, 2, 3], "ignore", "ordinal", ""),
        ([1, 2, 3, 1, 2, 3], "identifier", "identifier", ""),
        (["a", "b", "a"], "categorical", "categorical", "categorical"),
        (["a", "b", "c"], {"categories": ["c", "b", "a", "z"]}, "categorical", "categorical"),
        (["a", "b", "c"], {"kind": "ordinal", "categories": ["c", "b", "a"]}, "ordinal", "ordered-logit"),
        ([True, False, True], "real", "real", "gaussian"),
        ([1.5, 2.5, float("inf")], "ignore", "real", ""),
    ],
)
def test_what_is_given_overrules(cells, given, kind, family):
    column = inferred(cells, given)
    assert (column.kind, column.family) == (kind, family)
    assert "as given" in column.reason


def test_what_is_given_may_be_what_would_be_inferred():
    assert inferred(["a", "b", "a"], "binary") == inferred(["a", "b", "a"])


@pytest.mark.parametrize(
    ("cells", "given", "kind", "words"),
    [
        ([1, 2], "numeric", OptionError, ["`a`", "`numeric`", "positive"]),
        ([1, 2], 3, OptionError, ["`a`", "3"]),
        ([1, 2], {}, OptionError, ["`a`"]),
        ([1, 2], {"type": "real"}, OptionError, ["`a`", "`type`"]),
        ([1, 2], {"kind": "real", "family": "poisson"}, OptionError, ["`a`", "`poisson`", "gaussian"]),
        ([1, 2], {"family": "normal"}, OptionError, ["`a`", "`normal`"]),
        ([1, 2], {"kind": "ignore", "family": "gaussian"}, OptionError, ["`a`", "`gaussian`"]),
        ([1, 2], {"low": 4, "high": 3}, OptionError, ["`a`", "4", "3"]),
        ([1, 2], {"low": "x"}, OptionError, ["`a`", "x"]),
        (["lo", "mid", "hi"], "ordinal", OptionError, ["`a`", "in their order", "hi, lo, mid"]),
        ([1, 2], {"categories": "ab"}, OptionError, ["`a`", "'ab'"]),
        ([1, 2], {"categories": [1, 1]}, OptionError, ["`a`", "[1, 1]"]),
        (["a", "b"], {"categories": ["a", "c"]}, DataError, ["`a`", "`b`", "row 1 "]),
        (["a", "a"], "categorical", DataError, ["`a`", "1"]),
        (["a", "b", "c"], "binary", DataError, ["`a`", "3"]),
        ([1, -2, 3], "count", SupportError, ["`a`", "`-2`", "row 1 "]),
        ([1, 2.5, 3], "count", SupportError, ["`a`", "`2.5`", "row 1 "]),
        ([1, 2.5, 0], "positive", SupportError, ["`a`", "`0`", "row 2 "]),
        ([0.5, 0.7, 1.0], "bounded", SupportError, ["`a`", "`1`", "row 2 ", "between 0.0 and 1.0"]),
        (["5", "x", "y"], "real", DataError, ["`a`", "`x`", "row 1 "]),
        (["2020-01-01", "2020-01-02"], "count", DataError, ["`a`", "`2020-01-01`"]),
        ([1, 2, 3], "date", DataError, ["`a`", "`1`", "dates"]),
        ([None, None], "real", DataError, ["`a`", "ignore"]),
        ([1.5, float("inf")], None, DataError, ["`a`", "`inf`", "row 1 "]),
    ],
)
def test_what_cannot_be_given(cells, given, kind, words):
    with refused(kind, *words):
        inferred(cells, given)


def test_a_column_that_is_not_there():
    with refused(OptionError, "`b`", "data", "a"):
        data.infer_schema(data.as_sheet({"a": [1, 2]}, "data"), {"b": "real"})
