"""How finely a column is written, and that what is filled in is written so."""

import datetime

import numpy as np
import pytest

from taut import data
from taut.data.decoding import decimals_of

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([0.5, 10.25, 100.75], 2),
        ([0.05, 1.25, 3.10], 2),
        ([4000.0, 3900.0], 0),
        (RANDOM.normal(1e7, 1, 50).round(2), 2),
        (RANDOM.normal(0, 1, 50).round(3).astype(np.float32), 3),
        (RANDOM.integers(0, 10**8, 50), 0),
        ([1e-7, 3e-7, 2.5e-6], 7),
        ([*RANDOM.normal(0, 1, 59).round(1), np.pi], 1),
        (RANDOM.normal(0, 1, 50), None),
        (RANDOM.normal(0, 1, 50).astype(np.float32), None),
        ([1e300], 0),
        ([], 0),
    ],
)
def test_decimals_are_those_of_the_cells(values, decimals):
    assert decimals_of(np.asarray(values, np.float64)) == decimals


def moments(*, step, unit):
    return [np.datetime64("2003-01-01", unit) + step * number for number in range(40)]


def filled(cells, code):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": pandas.Series([*cells, None]), "b": range(len(cells) + 1)})
    schema = data.infer_schema(data.as_sheet(frame), {"b": "ignore"})
    found = data.fill(schema, data.as_sheet(frame), np.full((len(frame), 1), code))
    assert found["a"].dtype == frame["a"].dtype
    drawn = data.decode(schema, np.full((1, 1), code), like=frame, as_cells=True)["a"]
    assert drawn[0] == found["a"].iloc[-1]
    return found["a"].iloc[-1]


@pytest.mark.parametrize(
    ("step", "unit", "whole"),
    [
        (11, "D", lambda moment: moment == moment.normalize()),
        (7, "h", lambda moment: moment == moment.floor("h")),
        (15, "m", lambda moment: moment == moment.floor("min")),
        (1, "M", lambda moment: moment == moment.normalize() and moment.day == 1),
        (1, "Y", lambda moment: moment == moment.normalize() and moment.dayofyear == 1),
    ],
)
def test_dates_keep_their_unit(step, unit, whole):
    cells = np.array(moments(step=step, unit=unit), "datetime64[ns]")
    for code in (0.0, 1.3456, -20.777):
        assert whole(filled(cells, code))


def test_days_of_a_zone_begin_at_its_midnight():
    pandas = pytest.importorskip("pandas")
    days = pandas.date_range("2003-01-01", periods=200, freq="D", tz="Europe/Berlin")
    for code in (-70.3, 20.4, 80.6):
        moment = filled(list(days), code)
        assert (moment.hour, moment.minute, moment.tzinfo is not None) == (0, 0, True)


def test_numbers_keep_their_decimals_and_whole_numbers_stay_whole():
    assert filled([2.25, 3.5, 4.75, 1.0], 0.123456) == round(filled([2.25, 3.5, 4.75, 1.0], 0.123456), 2)
    assert filled([4000.0, 3917.0, 3850.0, 4211.0], 0.4).is_integer()


def test_a_positive_number_is_not_rounded_to_nothing():
    sheet = data.as_sheet({"a": [0.1, 0.2, None, 5.0]})
    schema = data.infer_schema(sheet, {"a": "positive"})
    coded = np.full((4, 1), 0.02 / schema.column("a").unit)
    assert data.fill(schema, sheet, coded)["a"].to_pylist() == [0.1, 0.2, 0.02, 5.0]


def test_months_written_alone_are_written_alone():
    cells = [f"2003-{month:02d}" for month in range(1, 13)]
    sheet = data.as_sheet({"a": [*cells, None]})
    schema = data.infer_schema(sheet)
    assert (schema.column("a").date_unit, schema.column("a").notation.dates) == ("month", "%Y-%m")
    coded = np.full((13, 1), 40.0 / schema.column("a").unit)
    assert data.fill(schema, sheet, coded)["a"].to_pylist()[-1] in cells


def test_dates_come_back_as_dates():
    days = [datetime.date(2003, 1, 1 + number) for number in range(20)]
    sheet = data.as_sheet({"a": [*days, None]})
    found = data.fill(data.infer_schema(sheet), sheet, np.full((21, 1), 0.7))["a"].to_pylist()[-1]
    assert type(found) is datetime.date
