"""The main result in a sentence, the warning that an audit was stopped, and the same numbers for a terminal."""

import dataclasses

import pytest

from taut.reporting import render_text
from taut.reporting.statement import statement
from tests.reporting import ledgers
from tests.reporting.measured import measured, stopped
from tests.reporting.reader import words_of

DIGITS = ledgers.digits_ledger()
FULL = measured(DIGITS)
MEAN = "Mean log p(x) over the 297 audited rows lies"


@pytest.mark.parametrize(
    ("ledger", "sentence"),
    [
        (
            FULL,
            f"{MEAN} above −101.44 (99.5 %, assumption-free) and below −101.33 if the starts of the reverse walks are "
            "posterior draws (99.5 %). On 96 rows drawn from the model, matched to these, the start moved the bound by "
            "0.018 (95\N{NO-BREAK SPACE}% quantile 0.113).",
        ),
        (
            ledgers.two_sided(DIGITS),
            f"{MEAN} above −102.37 (99 %, assumption-free) and below −101.02 if the chains mix.",
        ),
        (
            DIGITS,
            f"{MEAN} above −102.37 (99 %, assumption-free); nothing bounds it from above.",
        ),
        (ledgers.exact(DIGITS), "Mean log p(x) over the 297 audited rows is 3.250, computed exactly."),
    ],
)
def test_the_main_result_has_a_mark_at_each_end(ledger, sentence):
    assert statement(ledger) == sentence
    for text in (words_of(ledger), " ".join(render_text(ledger).split())):
        assert " ".join(sentence.split()) in " ".join(text.split())


def test_no_allowance_is_claimed_where_no_row_matches():
    ledger = dataclasses.replace(FULL, simulated=dataclasses.replace(FULL.simulated, matched=0))
    assert "moved the bound" not in statement(ledger)
    assert "None of them resembles the audited rows" in words_of(ledger)


def test_an_audit_that_was_stopped_says_so_before_anything_else():
    text = words_of(stopped(FULL))
    assert text.index("Incomplete.") < text.index("Verdicts")
    assert "stopped before it was done" in text
    assert render_text(stopped(FULL)).splitlines()[1].startswith("INCOMPLETE.")
    assert "ncomplete" not in words_of(FULL)
    assert "INCOMPLETE" not in render_text(FULL)


def test_terminal_has_the_same_main_numbers():
    text = " ".join(render_text(FULL).replace("\N{NO-BREAK SPACE}", " ").split())
    for expected in (
        "from below -101.44 ± 0.91 certified from below, δ = 0.005",
        "from above -101.33 ± 0.91 from above if the starts",
        "Width of the bracket 0.061",
        "Gap from amortisation 2.305 ± 0.051",
        "Gap from the family of q 0.574 ± 0.028",
        "Generalisation of the model 2.21 ± 0.71",
        "Mutual information 5.312 ± 0.021",
        "Marginal KL 10.56 ± 0.11",
        "Total correlation 1.842 ± 0.034",
        "-97.913 ± 1.214 certified from below",
        "-97.829 ± 1.214 certified from above",
        "Gain of a fitted prior 8.104 ± 0.072",
        "Rows less probable than 99 % 2.4 % of 500 simulated",
        "Model check: spread 1.031 OUTSIDE 0.9714 to 1.026",
        "Calibration, sd of z (1 is right) 1.184 intervals cover 50 %: 44.1 %",
    ):
        assert expected in text
    assert max(map(len, render_text(FULL).splitlines())) <= 100
