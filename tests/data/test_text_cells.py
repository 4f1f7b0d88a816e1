"""Columns of text that spell numbers or dates, in frames and in files; one odd cell is named and decides nothing."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from taut import data
from taut.errors import DataError
from tests.data.sentences import refused

NUMBERS = [f"{value:.1f}" for value in np.random.default_rng(0).normal(70, 10, 60)]
DAYS = [datetime.date(2003, 1, 5) + datetime.timedelta(days=11 * day) for day in range(60)]


def inferred(cells, given=None):
    return data.infer_schema(data.as_sheet({"a": cells}), {"a": given} if given else {}).column("a")


def as_read(schema, sheet):
    """The numbers of the modelled columns in their own units."""
    scales = np.array([(column.unit, column.offset) for column in schema.modelled])
    return data.encode(schema, sheet).values * scales[:, 0] + scales[:, 1]


def with_cell(cell, row=7):
    return [*NUMBERS[:row], cell, *NUMBERS[row + 1 :]]


def written(day, pattern):
    return day.strftime(pattern)


@pytest.mark.parametrize("cell", ["#DIV/0!", "13/05/2003", "70.1 kg", "missing", "<0.05", "12:30", "7O.1"])
def test_one_odd_cell_is_named(cell):
    column = inferred(with_cell(cell))
    assert (column.kind, column.family) == ("text", "")
    assert column.reason.startswith(f"59 of 60 cells are numbers; row 7 (counting from 0) holds `{cell}`: ")
    assert "na_values" in column.reason
    named = inferred(with_cell(cell), {"na_values": [cell]})
    assert (named.kind, named.missing, named.na_values) == ("real", 1, (cell,))


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ("45.21%", 45.21, "`%` beside 1 of 60 numbers was left out, as in `45.21%`"),
        ("$1,234.50", 1234.5, "`$` beside 1 of 60 numbers was left out, as in `$1,234.50`; `,` separates thousands"),
        ("\u221212.5", -12.5, "− (U+2212) were read as minus"),
        ("- 12.5", -12.5, "text that spells numbers"),
        ("12.5-", -12.5, ""),
        ("(12.5)", -12.5, ""),
        ("1\u202f234.5", 1234.5, ""),
        ("1e2", 100.0, ""),
        ("n/a", np.nan, "`n/a` read as missing"),
    ],
)
def test_one_cell_that_can_be_read_is_read_and_said(cell, value, words):
    sheet = data.as_sheet({"a": with_cell(cell)})
    schema = data.infer_schema(sheet, {"a": "real"})
    np.testing.assert_allclose(as_read(schema, sheet)[7, 0], value)
    assert words in inferred(with_cell(cell)).reason


def test_per_cent_among_shares_is_not_guessed():
    shares = [f"{0.01 * number:.2f}" for number in range(1, 60)]
    assert inferred([*shares, "45.21%"]).reason.startswith("59 of 60 cells are numbers; row 59 ")


@pytest.mark.parametrize(
    ("cells", "values", "clause"),
    [
        (["70.1 kg", "68.3 kg", None], [70.1, 68.3, np.nan], "in kg, as in `70.1 kg`"),
        (["45.21%", "7.5%"], [45.21, 7.5], "in %, as in `45.21%`"),
        (["$1,234.50", "$-7.25", "($3)"], [1234.5, -7.25, -3], "in $"),
        (["1.234,50 €", "7,25 €"], [1234.5, 7.25], "the comma is the decimal sign"),
        (["EUR 1.5", "EUR 2"], [1.5, 2], "in EUR"),
        (["70 kg", "150 lb", "80 kg"], None, "numbers in different units: kg (2), lb (1)"),
        (["$5", "€5.5", "$7"], None, "numbers in different units"),
        (["1,234", "5,678"], None, "the comma may be a decimal sign"),
        (["12A", "13A", "15A"], None, ""),
        (["007", "012", "113"], None, ""),
        (["u1", "u2", "u3"], None, ""),
    ],
)
def test_what_stands_beside_all_numbers(cells, values, clause):
    column = inferred(cells)
    assert clause in column.reason
    if values is None:
        assert column.kind in ("text", "identifier", "categorical")
    else:
        sheet = data.as_sheet({"a": cells})
        schema = data.infer_schema(sheet, {"a": "real"})
        np.testing.assert_allclose(as_read(schema, sheet)[:, 0], values)


@pytest.mark.parametrize(
    ("pattern", "clause"),
    [
        ("%d/%m/%Y", "written day first, as in `16/01/2003`"),
        ("%m/%d/%Y", "written month first, as in `01/16/2003`"),
        ("%d.%m.%Y", "written day first, as in `16.01.2003`"),
        ("%Y/%m/%d", "written year first"),
        ("%d %b %Y", "written as in `05 Jan 2003`"),
    ],
)
def test_dates_whose_order_is_plain(pattern, clause):
    cells = [written(day, pattern) for day in DAYS]
    sheet = data.as_sheet({"a": cells})
    schema = data.infer_schema(sheet)
    column = schema.column("a")
    assert (column.kind, column.dtype, column.date_unit) == ("date", "date", "day")
    assert clause in column.reason
    days = as_read(schema, sheet)[:, 0]
    assert days.tolist() == [(day - datetime.date(1970, 1, 1)).days for day in DAYS]
    filled = data.fill(schema, data.as_sheet({"a": [None, *cells]}), np.array([[0.4 / column.unit], *[[0.0]] * 60]))
    middle = datetime.date(1970, 1, 1) + datetime.timedelta(days=column.offset)
    assert filled["a"].to_pylist() == [written(middle, pattern), *cells]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["03/05/2003", "04/06/2003", "01/02/2004"], "day and month cannot be told apart"),
        (["13/05/2003", "05/13/2003", "14/05/2003", "05/14/2003"], "not all written in one way"),
        (["13/05/03", "14/06/03", "01/02/04"], "years of two digits"),
        ([*(day.isoformat() for day in DAYS), "13/05/2003"], "60 of 61 cells are dates; row 60 "),
    ],
)
def test_dates_that_are_not_guessed(cells, words):
    column = inferred(cells)
    assert (column.kind, column.family) == ("text", "")
    assert words in column.reason


def test_what_the_fit_knows_tells_what_a_few_cells_mean():
    fit = data.as_sheet({"day": [written(day, "%d/%m/%Y") for day in DAYS], "size": [f"{n},5" for n in range(60)]})
    schema = data.infer_schema(fit)
    few = data.as_sheet({"day": ["03/05/2003"], "size": ["1,234"]})
    codes = as_read(schema, few)[0]
    assert codes.tolist() == pytest.approx([(datetime.date(2003, 5, 3) - datetime.date(1970, 1, 1)).days, 1.234])


def test_other_units_than_in_the_fit_are_refused():
    schema = data.infer_schema(data.as_sheet({"w": [f"{number} kg" for number in NUMBERS]}))
    with refused(DataError, "in kg", "`w`", "in lb"):
        data.encode(schema, data.as_sheet({"w": ["150 lb", "140 lb"]}))
    plain = data.encode(schema, data.as_sheet({"w": [70.5, 71.5]}))
    assert plain.notes == ["Column `w`: numbers without a unit, in kg in the fit; taken for the same unit."]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_keep_their_text_and_their_labels(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"price": ["$1,234.50", None, "$7.25", "$10.00"], "ward": ["1", "2", "1", "2"]})
    sheet = data.as_sheet(frame)
    schema = data.infer_schema(sheet, {"price": "real"})
    assert [column.kind for column in schema.columns] == ["real", "binary"]
    assert schema.column("ward").categories == ["1", "2"], "labels that a person made text of"
    filled = data.fill(
        schema, sheet, np.full((4, 2), (1000.0 - schema.column("price").offset) / schema.column("price").unit)
    )
    assert list(filled["price"]) == ["$1,234.50", "$1,000.00", "$7.25", "$10.00"]


def test_objects_of_several_types():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": pandas.Series([1.5, 2.5, "#DIV/0!", *np.linspace(0, 9, 21)], dtype=object)})
    assert data.infer_schema(data.as_sheet(frame)).column("a").reason.startswith("23 of 24 cells are numbers; row 2 ")
    schema = data.infer_schema(data.as_sheet(frame), {"a": {"na_values": ["#DIV/0!"]}})
    filled = data.fill(schema, data.as_sheet(frame), np.zeros((24, 1)))
    assert isinstance(filled["a"][2], float)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([2.5, 7.1, 4.2, -999.0, 3.3, -999.0], "-999 comes 2 times, far from the others"),
        ([0, 3, 7, 5, 2, 9, -1, 4, -1], "-1 comes 2 times, the only number below 0"),
        ([23, 45, 80, 20, 67, 99, 31, 99, 99], "99 comes 3 times"),
        ([datetime.date(1900, 1, 1)] * 2 + DAYS[:20], "1900-01-01 comes 2 times"),
        ([2.5, 7.1, 4.2, 3.3, -2.0, -2.0], None),
        ([-1, -3, 5, 2, 4, -1, 7], None),
        ([2.5, 7.1, 4.2, 3.3, 900.0], None),
        (np.round(np.random.default_rng(1).standard_cauchy(300), 1), None),
    ],
)
def test_a_repeated_value_far_outside_is_remarked_on_and_kept(cells, said):
    column = inferred(cells, "date" if isinstance(cells[0], datetime.date) else None)
    assert (said in column.reason) if said else "times" not in column.reason
    assert column.missing == 0


@pytest.mark.parametrize("marker", [-999, "-999", -999.0])
@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string()])
def test_a_number_that_means_missing_however_it_is_written(marker, kind):
    cells = pa.array([5, -999, 7, 8, 13]).cast(kind)
    assert inferred(cells, {"na_values": [marker], "kind": "real"}).missing == 1
