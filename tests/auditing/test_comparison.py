"""Two models on the same rows: against SciPy's paired test, brute force, and brackets whose truth is known."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from taut.auditing.comparison import compare_brackets, paired_difference
from taut.errors import AuditError, OptionError
from tests.auditing.instances import account


def test_paired_difference_is_the_paired_test():
    draw = np.random.default_rng(0)
    first = draw.normal(-90, 10, 200).astype(np.float32)
    second = (first - draw.normal(0.3, 1.0, 200)).astype(np.float32)
    difference = paired_difference(account(first), account(second))
    test = stats.ttest_rel(first.astype(float), second.astype(float))
    low, high = test.confidence_interval(0.95)
    assert difference.mean == pytest.approx((low + high) / 2, rel=1e-9)
    assert difference.mean / difference.std_error == pytest.approx(test.statistic, rel=1e-9)
    assert difference.rows == 200
    assert difference.wins == np.mean(first > second)


def test_the_other_way_round_turns_the_sign_and_a_model_does_not_beat_itself():
    draw = np.random.default_rng(1)
    first, second = account(draw.normal(size=50)), account(draw.normal(size=50))
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert (there.mean, there.std_error) == (-back.mean, back.std_error)
    assert there.wins + back.wins == 1.0
    assert paired_difference(first, first)[:3] == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("n", "m"), [(5, 6), (1, 1), (0, 0)])
def test_other_rows_are_refused(n, m):
    with pytest.raises(AuditError) as refused:
        paired_difference(account(np.zeros(n)), account(np.zeros(m)))
    assert str(refused.value) == (
        f"A comparison wants the same rows for both, at least two; got {n} and {m}; score both models on one data set."
    )


# ── brackets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def bracketed(log_p, width=0.2):
    log_p = np.asarray(log_p, float)
    return log_p - width / 2, log_p + width / 2


def two_models(n=400, better=0.5, spread=1.0, width=0.2, seed=0):
    draw = np.random.default_rng(seed)
    second = draw.normal(-90, 10, n)
    return *bracketed(second + draw.normal(better, spread, n), width), *bracketed(second, width)


WHOLE = st.integers(-4, 4).map(float)
SIDE = st.tuples(WHOLE, st.integers(0, 3).map(float))
ROWS = st.lists(st.tuples(SIDE, SIDE), min_size=2, max_size=8)


def sides_of(rows):
    a, b = (np.array([row[side] for row in rows]) for side in (0, 1))
    return a[:, 0], a.sum(axis=1), b[:, 0], b.sum(axis=1)


@given(ROWS, st.sampled_from([None, 0.01, 0.5]))
def test_the_other_way_round_turns_every_sign(rows, delta):
    lower_a, upper_a, lower_b, upper_b = sides_of(rows)
    there = compare_brackets(lower_a, upper_a, lower_b, upper_b, delta=delta)
    back = compare_brackets(lower_b, upper_b, lower_a, upper_a, delta=delta)
    assert (there.mean, there.lower, there.upper) == (-back.mean, -back.upper, -back.lower)
    assert (there.population_lower, there.population_upper) == (-back.population_upper, -back.population_lower)
    same = ("std_error", "decided", "decided_for_population", "decisive_rows", "rows", "delta")
    assert [getattr(there, name) for name in same] == [getattr(back, name) for name in same]
    assert ("first model" in there.verdict) == ("second model" in back.verdict)
    assert ("second model" in there.verdict) == ("first model" in back.verdict)


@given(ROWS)
def test_decisive_rows_are_those_of_brute_force(rows):
    sides = sides_of(rows)
    found = compare_brackets(*sides, delta=None)
    differences = (sides[0] + sides[1] - sides[2] - sides[3]) / 2
    sign = np.sign(differences.sum())

    def turned(left):
        return len(left) == 0 or np.sign(differences[list(left)].sum()) != sign

    n = len(rows)
    fewest = next(k for k in range(n + 1) if any(turned(left) for left in combinations(range(n), n - k)))
    assert found.decisive_rows == (0 if sign == 0 else fewest)


@given(ROWS, st.sampled_from([None, 0.05]))
def test_the_interval_holds_every_truth_within_the_brackets(rows, delta):
    sides = sides_of(rows)
    found = compare_brackets(*sides, delta=delta)
    for share_a, share_b in ((0, 1), (1, 0), (0.3, 0.8)):
        a, b = sides[0] + share_a * (sides[1] - sides[0]), sides[2] + share_b * (sides[3] - sides[2])
        assert found.lower - 1e-12 <= np.mean(a - b) <= found.upper + 1e-12
    assert found.population_lower <= found.lower <= found.mean <= found.upper <= found.population_upper
    assert found.decided or not found.decided_for_population


def test_the_numbers_are_those_of_the_definition():
    lower_a, upper_a, lower_b, upper_b = two_models()
    found = compare_brackets(lower_a, upper_a, lower_b, upper_b, delta=0.01)
    middles = (lower_a + upper_a - lower_b - upper_b) / 2
    margin = 2 * np.log(2 / 0.01) / 400
    assert found.mean == pytest.approx(middles.mean())
    assert found.std_error == pytest.approx(stats.sem(middles))
    assert found.lower == pytest.approx(middles.mean() - 0.2 - margin)
    assert found.upper == pytest.approx(middles.mean() + 0.2 + margin)
    assert found.population_upper - found.upper == pytest.approx(1.96 * stats.sem(middles))
    assert (found.rows, found.delta) == (400, 0.01)
    certain = compare_brackets(lower_a, upper_a, lower_b, upper_b, delta=None)
    assert certain.lower == pytest.approx(found.lower + margin)


@pytest.mark.parametrize("p", [0.03, 0.099, 0.101, 0.3])
@pytest.mark.parametrize("shared", [False, True], ids=["audits apart", "audits of one seed"])
def test_the_interval_misses_the_truth_no_more_often_than_it_may(p, shared):
    """The worst estimates that there are: w = 1/p with chance p, else next to nothing, so that E w = p(x) = 1.

    By enumeration. With one seed both sides of an end are unlucky together: with chance just below δ/2 = 0.1 each end
    misses, and no smaller margin would do.
    """
    delta, nothing, missed = 0.2, 1e-6, 0.0
    log_w = np.log([(1 - (1 - p) * nothing) / p, nothing])
    together = [(p, (0, 1, 1, 0)), (p, (1, 0, 0, 1)), (1 - 2 * p, (1, 1, 1, 1))]
    apart = [(p ** which.count(0) * (1 - p) ** which.count(1), which) for which in product((0, 1), repeat=4)]
    for chance, which in together if shared else apart:
        sides = log_w[list(which)] * [1, -1, 1, -1]
        try:
            found = compare_brackets(*(np.array([side, 0.0]) for side in sides), delta=delta)
            missed += chance * (not found.lower <= 0.0 <= found.upper)
        except AuditError:  # a model's own bounds cross: refused, and counted
            missed += chance
    assert missed <= delta
    if shared and p == 0.099:
        assert missed > 0.9 * delta


@pytest.mark.parametrize(
    ("options", "decided", "for_population", "says"),
    [
        ({"better": 0.5, "spread": 1.0}, True, True, "The first model explains rows like these better: on these 400"),
        ({"better": -0.5, "spread": 1.0}, True, True, "The second model explains rows like these better"),
        ({"better": 0.5, "spread": 6.0}, True, False, "The first model explains these 400 rows better, between"),
        ({"better": 0.1, "spread": 0.1, "width": 0.5}, False, False, "The brackets do not say which model explains"),
        ({"better": 3.0, "spread": 0.1}, True, True, "and every row says so."),
    ],
)
def test_the_verdict_says_how_far_the_brackets_reach(options, decided, for_population, says):
    found = compare_brackets(*two_models(**options))
    assert (found.decided, found.decided_for_population) == (decided, for_population)
    assert says in found.verdict
    assert found.verdict.endswith(".")
    if decided:
        assert f"{found.lower:+.3f} and {found.upper:+.3f}" in found.verdict
        assert f"{found.std_error:.3f}" in found.verdict


def test_one_row_may_decide_it():
    """Nine rows a little worse, one much better: without that one it turns."""
    second = np.zeros(10)
    first = np.array([-0.1] * 9 + [9.0])
    found = compare_brackets(*bracketed(first, 0.0), *bracketed(second, 0.0), delta=None)
    assert found.decided
    assert not found.decided_for_population
    assert found.decisive_rows == 1
    assert "leaving out 1 of them would turn it" in found.verdict


def test_models_alike_are_not_told_apart():
    lower, upper = bracketed(np.linspace(-9, 0, 20), 0.0)
    found = compare_brackets(lower, upper, lower, upper, delta=None)
    assert found[:4] == (0.0, 0.0, 0.0, 0.0)
    assert (found.decided, found.decisive_rows) == (False, 0)


def test_single_precision_is_averaged_in_double():
    sides = [side.astype(np.float32) for side in two_models(n=1000)]
    wide = compare_brackets(*(side.astype(float) for side in sides))
    assert compare_brackets(*sides) == wide


def test_brackets_that_cannot_be_compared_are_refused():
    lower_a, upper_a, lower_b, upper_b = two_models(n=10)
    with pytest.raises(AuditError, match="the same rows for both, at least two; got 10 and 10 and 9 and 9;"):
        compare_brackets(lower_a, upper_a, lower_b[1:], upper_b[1:])
    with pytest.raises(AuditError, match="at least two; got 1 and 1 and 1 and 1;"):
        compare_brackets(*(side[:1] for side in (lower_a, upper_a, lower_b, upper_b)))
    with pytest.raises(AuditError, match="2 of the second model's 10 rows have others"):
        compare_brackets(lower_a, upper_a, np.where(np.arange(10) < 2, -np.inf, lower_b), upper_b)
    with pytest.raises(AuditError, match=r"the first model's cross by 1\.800 nats a row more than chance allows"):
        compare_brackets(lower_a + 2, upper_a, lower_b, upper_b, delta=None)
    with pytest.raises(OptionError, match=r"between 0 and 1; got 1\.5; 0\.01 is usual"):
        compare_brackets(lower_a, upper_a, lower_b, upper_b, delta=1.5)


def test_crossing_within_the_margin_is_chance():
    lower, upper = bracketed(np.zeros(10))
    assert not compare_brackets(lower + 0.5, upper, lower, upper, delta=0.01).decided
