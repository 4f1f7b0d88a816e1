"""Two models on the same rows, against SciPy's paired test."""

import numpy as np
import pytest
from scipy import stats

from taut.auditing import paired_difference
from taut.errors import AuditError
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
