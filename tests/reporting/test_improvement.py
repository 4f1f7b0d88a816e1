"""The account of an improvement: as JSON and back, as a page, and as text."""

import dataclasses

import pytest

from taut.errors import DataError
from taut.record import IMPROVEMENT_FORMAT, Estimate, Improvement, Interval, Stage, Trial, Verdict
from taut.reporting import improvement_text, render_improvement

NASTY = "<script>alert(1)</script> {{ 7 * 7 }} $\\frac$"


def near(value, error=0.1, **more):
    return Estimate(value=value, std_error=error, **more)


def between(lower, upper):
    return Interval(lower=near(lower), upper=near(upper))


UNMOVED = near(0.0, None, status="exact")
PRIOR = Trial(
    change="prior = mixture:20",
    lever="prior",
    verdict="prior-mismatch",
    promise=near(2.0),
    kept=True,
    said="log p(x) rises by 1.40 nats a row.",
    seconds=12.0,
    elbo=near(1.5),
    evidence=between(1.3, 1.5),
    won=near(1.5),
)
BROKEN = dataclasses.replace(
    PRIOR, change="guide = flow", lever="guide", kept=False, said="It breaks.", elbo=None, evidence=None, won=None
)
ACCOUNT = Improvement(
    format=IMPROVEMENT_FORMAT,
    taut="0",
    created="2026-11-30T12:00:00+00:00",
    title="digits",
    rows={"train": 60, "selection": 20, "report": 20},
    seconds=60.0,
    seed=0,
    trials=[PRIOR, BROKEN],
    stages=[
        Stage(change="the run as it was", elbo=near(-10.0), evidence=between(-8.1, -8.0)),
        Stage(change=PRIOR.change, elbo=near(-8.5), evidence=between(-6.7, -6.6), won=near(1.4)),
    ],
    difference=between(1.3, 1.5),
    elbo_difference=near(1.5),
    left=[Verdict(code="family-narrow", severity="warning", text="", evidence="", lever="guide", promise=near(1.1))],
    ended="The time is spent.",
    notes=[],
)


def test_json_gives_the_same_account_back(tmp_path):
    ACCOUNT.to_json(tmp_path / "improvement.json")
    assert Improvement.from_json(tmp_path / "improvement.json") == ACCOUNT
    with pytest.raises(DataError, match="does not read as one"):
        Improvement.from_json("{}")
    for other, advice in ((0, "improve the run again"), (99, "read it with a newer taut")):
        with pytest.raises(DataError, match=f"got format {other}; {advice}"):
            Improvement.from_json(dataclasses.replace(ACCOUNT, format=other).to_json())


def test_the_page_says_what_was_promised_won_and_is_left():
    page = render_improvement(ACCOUNT)
    for said in (
        "On 20 rows that no choice has seen, mean log p(x) rose by 1.30 to 1.50 nats a row",
        "and the ELBO by 1.50 ± 0.10",
        "+2.00 ± 0.10",
        "It breaks.",
        "The guide promises 1.10 ± 0.10 nats a row",
    ):
        assert said in page
    assert page == render_improvement(ACCOUNT)


def test_what_was_not_measured_is_said():
    def text(**changes):
        return " ".join(improvement_text(dataclasses.replace(ACCOUNT, **changes)).split())

    assert "what they won is unknown" in text(difference=None, elbo_difference=None, stages=[])
    assert "the run stays as it was" in text(trials=[BROKEN])
    same = Interval(lower=UNMOVED, upper=UNMOVED)
    assert "The model is the same. On 20 rows" in text(difference=same)
    assert "(lower bounds on both sides)" in text(difference=Interval(lower=near(1.4), upper=None))
    assert render_improvement(dataclasses.replace(ACCOUNT, trials=[], stages=[], difference=None, left=[]))


def test_texts_of_a_file_are_escaped():
    trial = dataclasses.replace(PRIOR, change=NASTY, said=NASTY)
    stage = dataclasses.replace(ACCOUNT.stages[1], change=NASTY)
    nasty = dataclasses.replace(
        ACCOUNT, title=NASTY, trials=[trial], stages=[ACCOUNT.stages[0], stage], ended=NASTY, notes=[NASTY]
    )
    page = render_improvement(nasty)
    assert "<script" not in page
    assert "{{ 7 * 7 }}" in page
