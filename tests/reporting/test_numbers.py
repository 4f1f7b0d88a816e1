"""The recipe of a number in the ledger: a field in the record and a row of `NUMBERS` show it everywhere."""

import dataclasses
import json

import pytest

from taut.record import Estimate, Ledger
from taut.reporting import numbers, render_text
from taut.reporting.numbers import NUMBERS, Number, value_at
from tests.reporting import ledgers
from tests.reporting.measured import measured
from tests.reporting.reader import words_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class Longer(Ledger):
    """A ledger with one number more."""

    curvature: Estimate | None = None


def longer(curvature):
    return Longer(**vars(ledgers.digits_ledger()), curvature=curvature)


def test_a_field_and_a_row_show_a_new_number_on_page_terminal_and_in_json(monkeypatch):
    heading = "What the ELBO is made of"
    row = Number("curvature", "Curvature", "How bent the posterior is.")
    monkeypatch.setitem(numbers.NUMBERS, heading, (*NUMBERS[heading], row))
    ledger = longer(Estimate(value=4.25, std_error=0.05))
    page, text = words_of(ledger), render_text(ledger)
    assert "How bent the posterior is." in page
    assert "4.250 ± 0.050" in page
    assert "Curvature" in text
    assert "4.250 ± 0.050" in text
    assert json.loads(ledger.to_json())["curvature"]["value"] == 4.25
    for nothing in (words_of(longer(None)), render_text(longer(None))):
        assert "urvature" not in nothing


@pytest.mark.parametrize("place", [number.place for group in NUMBERS.values() for number in group])
def test_every_row_is_of_a_number_that_a_ledger_has(place):
    found = value_at(measured(ledgers.digits_ledger()), place)
    assert isinstance(found, Estimate | float | int)
