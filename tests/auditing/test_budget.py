"""An audit within a wall time: what comes first, what is left out, and that it is said. The clock is turned by hand."""

import re

import jax.random as jr
import pytest

import taut
from taut.auditing import AuditOptions, audit_by_row, measurement, model_checks, rowwise
from taut.auditing.budget import Budget, TimeSpentError
from taut.auditing.walks import Effort
from tests.auditing.instances import neural


class Clock:
    """Stands still but for what is said to pass."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    return clock


def passing(clock, seconds, result="done"):
    def work(*_, **__):
        clock.now += seconds
        return result

    return work


def test_what_a_part_takes_is_foretold_by_what_was_compiled_before(clock):
    limited = Budget(seconds=100.0, began=100.0)
    limited.learn(1.0, 10.0)
    assert limited.cost(3.0, running=2.0) == 32.0
    assert limited.attempt("first", passing(clock, 40.0), programs=3.0) == "done"
    assert limited.cost(1.0) == pytest.approx(50.0 / 4.0)
    assert limited.attempt("second", passing(clock, 40.0), programs=5.0) is None
    assert (limited.left_out.keys(), clock.now) == ({"second"}, 140.0)
    assert limited.left_out["second"] > 40 + 60, "a limit that would do"


def test_running_time_is_not_taken_for_compilation(clock):
    limited = Budget(seconds=1000.0, began=100.0)
    limited.learn(1.0, 10.0)
    limited.attempt("long", passing(clock, 510.0), programs=1.0, running=500.0)
    assert limited.cost(1.0) == pytest.approx(10.0)


def test_without_a_limit_everything_is_done(clock):
    free = Budget()
    free.learn(1.0, 1e6)
    assert free.attempt("any", passing(clock, 1e6), programs=9.0) == "done"
    assert free.left_out == {}
    assert free.notes() == []


def test_as_many_checks_are_kept_time_for_as_half_of_it_is_enough_for():
    limited = Budget(seconds=1000.0)
    limited.learn(1.0, 20.0)
    assert limited.reserve([4.0, 2.0, 1.0]) == pytest.approx(140.0)
    assert limited.reserve([4.0, 40.0, 1.0]) == pytest.approx(80.0), "what would not fit ends the list"


def test_a_part_that_reports_its_progress_is_stopped_at_its_share(clock):
    limited = Budget(seconds=90.0, began=100.0)
    step = limited.share(lambda done: None, 1 / 3)
    clock.now += 29.0
    step(1)
    clock.now += 2.0
    with pytest.raises(TimeSpentError):
        step(2)


def test_chunks_begin_small_and_take_a_quarter_of_what_there_is_time_for(monkeypatch):
    effort = Effort(rows=1000, width=None, seconds=100.0)
    monkeypatch.setattr(effort, "seconds_left", lambda: 80.0)
    assert effort.chunk(256, 32) == 32
    effort.note_rows(32, 6.4)
    assert effort.chunk(256, 32) == 96
    assert Effort(rows=1000, width=None, seconds=None).chunk(256, 32) == 256


# ── whole audits, of which each part takes as long as it is said to ──────────────────────────────────────────────────


@pytest.fixture
def timed(monkeypatch, clock):
    """An audit of 40 rows in which what is compiled takes seconds by the hand's clock, and the rest none."""

    def compiled(home, name, seconds):
        real, first = getattr(home, name), [True]

        def slow(*arguments, **options):
            clock.now += seconds if first[0] else 0.0
            first[0] = False
            return real(*arguments, **options)

        monkeypatch.setattr(home, name, slow)

    compiled(rowwise, "account_for_rows", 10.0)
    compiled(rowwise, "pilots", 25.0)
    compiled(rowwise, "walked_again", 30.0)
    for home, check in (
        (model_checks, "controls_for"),
        (model_checks, "draw_pool"),
        (model_checks, "calibrate"),
        (measurement, "rate_decomposition_of"),
    ):
        monkeypatch.setattr(home, check, passing(clock, 8.0, result=None))
    model, guide, rows = neural(latents=4, n=40)

    def audited(seconds):
        began = clock.now
        found = audit_by_row(model, guide, rows, AuditOptions(draws=400, seconds=seconds), key=jr.key(0))
        return found.ledger, clock.now - began

    return audited


def test_time_for_the_encoder_alone_gives_the_account_by_its_draws(timed):
    ledger, took = timed(30.0)
    assert took <= 30.0
    assert ledger.elbo.value < ledger.evidence.lower.value
    assert ledger.evidence.upper is ledger.annealing is ledger.calibration is None
    assert "the bracket on log p(x) and what rests on it" in ledger.not_measured
    needed = [int(word) for note in ledger.notes for word in re.findall(r"a limit of (\d+) s", note)]
    assert max(needed) > 60
    assert "not measured: the time was spent" in str(ledger)


@pytest.mark.slow
def test_time_for_the_bracket_is_spent_on_it_before_its_checks(timed):
    ledger, took = timed(90.0)
    assert took <= 90.0
    assert ledger.annealing is not None
    assert ledger.complete
    assert "the controls of the bracket" in ledger.not_measured
    assert ledger.trade_off == [], "which the controls give"


def test_time_for_nothing_says_what_it_would_need(timed):
    wanted = r"^A time limit wants to cover at least the first 32 rows; .* the limit is 5 s; allow \d+ s or more .*\.$"
    with pytest.raises(taut.errors.OptionError, match=wanted):
        timed(5.0)
