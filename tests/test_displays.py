"""What a notebook shows of an object: short, escaped, without colours of its own."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

import taut
from taut.auditing import Difference
from taut.data import Column, Schema
from taut.estimators import Imputation, RunComparison
from taut.estimators.comparison import Pair
from tests.reporting import ledgers
from tests.reporting.measured import measured
from tests.reporting.reader import NASTY, Reader

LEDGER = dataclasses.replace(measured(ledgers.digits_ledger()), title=NASTY)
COLUMN = Column(name=NASTY, kind="count", family="poisson", reason=NASTY, seen=9, missing=1)
IMPUTATION = Imputation(
    single=pd.DataFrame({NASTY: [1.0, 2.0]}),
    multiple=[],
    columns=[NASTY, "without holes"],
    missing=np.array([[True, False], [False, False]]),
    deviation=np.array([[0.25, 0.0], [0.0, 0.0]]),
    chance=np.full((2, 2), np.nan),
    low=np.array([[0.5, 0.0], [0.0, 0.0]]),
    high=np.array([[1.5, 0.0], [0.0, 0.0]]),
    level=0.9,
)
DIFFERENCE = Difference(mean=0.5, std_error=0.125, wins=0.75, rows=40)
COMPARISON = RunComparison(
    first=NASTY, pairs=[Pair(NASTY, DIFFERENCE, [NASTY])], rows_seen={}, doubts=[NASTY], note="Nothing else."
)
SHOWN = {
    "ledger": (
        LEDGER,
        [
            "log p(x), from below",
            "−101.44 ± 0.91",
            "The latents do not follow the prior.",
            'VAE(…, prior="mixture:20")',
        ],
    ),
    "schema": (Schema(columns=(COLUMN,)), ["1 column", "poisson", "1 of 10"]),
    "many columns": (Schema(columns=(COLUMN,) * 30), ["… and 10 more."]),
    "imputation": (IMPUTATION, ["1 cells filled in 1 of 2 rows", "0.25", "width of 90% interval"]),
    "comparison": (COMPARISON, ["+0.500 ± 0.125", "75.0%", "Nothing else."]),
    "estimator": (taut.VAE(3, likelihood=NASTY), ["VAE"]),
}


@pytest.mark.parametrize("name", list(SHOWN))
def test_what_is_shown_is_short_escaped_and_follows_the_notebook(name):
    shown, words = SHOWN[name]
    page = shown._repr_html_()
    reader = Reader(page)
    if name != "estimator":
        assert [said for said in words if said not in repr(shown)] == []
        assert max(map(len, repr(shown).splitlines())) < 200
    assert [said for said in words if said not in reader.text] == []
    assert NASTY in reader.text
    if name == "estimator":
        return  # scikit-learn's own
    assert "script" not in reader.tags
    assert not re.search(r"colou?r|background|url\(", page)
    assert len(page) < 20_000
