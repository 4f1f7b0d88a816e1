"""The two ends of a bracket: how often they are false, and what they gain from walks taken alone and from controls."""

import math

import numpy as np
import pytest
from scipy import stats

from taut.auditing.ends import ALONE, CONTROL, TOGETHER, FoundElsewhere, lower_end, upper_end
from taut.auditing.walks import Walks

SETS, ROWS, CHAINS, DELTA = 500, 6, 4, 0.1


def walks_of(forward, reverse):
    """Bounds of these log-weights; all walks back count as one, which is an upper bound of its own."""
    lower = np.logaddexp.reduce(forward, axis=1) - math.log(forward.shape[1])
    parts = dict.fromkeys(Walks._fields, np.zeros(len(forward)))
    upper = -(np.logaddexp.reduce(-reverse, axis=1) - math.log(reverse.shape[1]))
    return Walks(**parts | {"forward": forward, "reverse": reverse, "lower": lower, "upper": upper})


def weights(rng, spread, *shape):
    """Log-weights of unbiased estimates of one, both ways: N(∓s²/2, s²)."""
    return (rng.normal(sign * spread**2 / 2, spread, shape) for sign in (-1, 1))


@pytest.mark.parametrize("spread", [0.1, 0.5, 2.0])
def test_ends_fail_no_more_often_than_they_say(spread):
    """The truth is zero; controls are as noisy as walks."""
    rng = np.random.default_rng(0)
    forward, reverse = weights(rng, spread, SETS, ROWS, CHAINS)
    controls, _ = weights(rng, spread, SETS, 4, ROWS)
    numbers = np.arange(10, 10 + ROWS)
    false = np.zeros(2)
    for there, back, others in zip(forward, reverse, controls, strict=True):
        walks = walks_of(there, back)
        elsewhere = [FoundElsewhere("there", numbers[::2], lower[::2]) for lower in others]
        false += lower_end(walks, numbers, elsewhere, delta=DELTA).value > 0, upper_end(walks, delta=DELTA).value < 0
    for count in false:
        assert stats.binomtest(int(count), SETS, DELTA, alternative="greater").pvalue > 1e-3


def test_a_tight_bracket_of_few_rows_is_as_wide_as_the_margin_of_all_walks():
    walks = walks_of(np.zeros((ROWS, CHAINS)), np.zeros((ROWS, CHAINS)))
    margin = math.log(1 / (ALONE * DELTA)) / (ROWS * CHAINS)
    lower, upper = lower_end(walks, np.arange(ROWS), (), delta=DELTA), upper_end(walks, delta=DELTA)
    assert (-lower.value, upper.value) == (pytest.approx(margin), pytest.approx(margin, abs=1e-6))
    assert lower.delta == upper.delta == DELTA


def test_a_failed_walk_leaves_what_all_walks_say_together():
    walks = walks_of(np.zeros((ROWS, CHAINS)), np.zeros((ROWS, CHAINS)))
    walks.forward[0, 0] = walks.reverse[0, 0] = np.nan
    margin = math.log(1 / (TOGETHER * DELTA)) / ROWS
    assert lower_end(walks, np.arange(ROWS), (), delta=DELTA).value == pytest.approx(-margin)
    assert upper_end(walks, delta=DELTA).value == pytest.approx(margin)


def test_what_a_control_finds_raises_the_lower_end_and_a_failed_one_does_not():
    """Walks that miss nine tenths of p(x), and a control of half the rows that does not."""
    walks = walks_of(*(np.full((ROWS, CHAINS), -math.log(10.0)) for _ in range(2)))
    numbers, found = np.arange(20, 20 + 2 * ROWS, 2), np.zeros(ROWS // 2)
    margin = math.log(1 / (CONTROL * DELTA)) / ROWS
    low = lower_end(walks, numbers, [FoundElsewhere("the prior", numbers[::2], found)], delta=DELTA)
    assert low.value == pytest.approx(-math.log(10.0) / 2 - margin)
    assert low.condition == "about the mean over the audited rows, on some of them from the prior"
    failed = lower_end(walks, numbers, [FoundElsewhere("the prior", numbers[::2], found * np.nan)], delta=DELTA)
    assert failed.value == lower_end(walks, numbers, (), delta=DELTA).value
