"""Outlier p-values against counting, and against their own law."""

import numpy as np
import pytest
from scipy import stats

from taut.auditing.predictive import outliers_among, simulated_p_values
from taut.errors import AuditError


def test_p_values_are_counts():
    draw = np.random.default_rng(0)
    # Rounded, so that there are ties.
    log_p, reference = draw.normal(size=30).round(1), draw.normal(size=40).round(1)
    counted = [(1 + sum(r <= value for r in reference)) / 41 for value in log_p]
    np.testing.assert_array_equal(simulated_p_values(log_p, reference), counted)


def test_rows_of_the_model_have_uniform_p_values_and_strange_rows_small_ones():
    draw = np.random.default_rng(1)
    reference = stats.norm.logpdf(draw.normal(size=4000))
    usual = simulated_p_values(stats.norm.logpdf(draw.normal(size=4000)), reference)
    assert stats.kstest(usual, "uniform").pvalue > 0.001
    assert simulated_p_values(stats.norm.logpdf(np.array([6.0, -np.inf])), reference).tolist() == [1 / 4001] * 2


def test_an_impossible_row_is_an_outlier_and_single_precision_will_do():
    p = simulated_p_values(np.array([-np.inf], np.float32), np.array([-1.0, -np.inf], np.float32))
    assert p.tolist() == [2 / 3]


@pytest.mark.parametrize(
    ("log_p", "reference", "bad"), [([0.0], [], 0), ([np.nan], [0.0], 1), ([0.0], [np.nan, np.nan], 2)]
)
def test_nothing_to_compare_with_is_refused(log_p, reference, bad):
    with pytest.raises(AuditError, match=f"got {len(reference)} and {bad} NaN in all"):
        simulated_p_values(np.array(log_p), np.array(reference))


def test_shares_are_counts():
    draw = np.random.default_rng(2)
    p_values, regrets, reference = draw.uniform(size=500), draw.exponential(size=500), draw.exponential(size=256)
    found = outliers_among(p_values, regrets, reference, np.arange(1000, 1500))
    past = sorted(reference)[254]  # ⌈0.99 · 257⌉ = 255th smallest
    assert found.reference == 256
    assert found.regret == past
    assert found.improbable == np.mean(p_values <= 0.01)
    assert found.regretful == np.mean(regrets > past)
    expected = [1000 + int(place) for place in np.argsort(-regrets) if regrets[place] > past][:20]
    assert found.rows == expected


def test_rows_of_the_model_are_past_it_no_more_often_than_one_in_a_hundred():
    draw = np.random.default_rng(3)
    shares = [
        outliers_among(np.ones(200), draw.normal(size=200), draw.normal(size=256), np.arange(200)).regretful
        for _ in range(2000)
    ]
    assert np.mean(shares) == pytest.approx(2 / 257, abs=5 * np.std(shares) / 2000**0.5)


def test_the_most_regretful_come_first_and_at_most_twenty_are_named():
    found = outliers_among(np.ones(30), np.arange(30.0), np.full(99, 4.0), np.arange(30) + 5)
    assert found.regretful == 25 / 30
    assert found.rows == list(range(34, 14, -1))
    assert outliers_among(np.ones(3), np.full(3, 4.0), np.full(9, 4.0), np.arange(3)).rows == []


def test_what_is_infinite_or_no_number_counts_as_large_and_the_ledger_stays_finite():
    found = outliers_among(np.ones(3), np.array([np.inf, 1.0, np.nan]), np.arange(50.0), np.arange(3))
    assert found.rows == [0, 2]
    assert found.regret == 49.0
    assert np.isfinite(outliers_among(np.ones(1), np.array([1.0]), np.full(5, np.nan), np.arange(1)).regret)


def test_regrets_without_a_reference_are_refused():
    with pytest.raises(AuditError, match="got none"):
        outliers_among(np.ones(1), np.ones(1), np.array([]), np.arange(1))
