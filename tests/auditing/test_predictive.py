"""Predictive checks: quiet on data from the model itself, and each loud where the likelihood is wrong in its way."""

import itertools

import numpy as np
import pytest
from scipy import stats

from taut.auditing.predictive import MOST_FEATURES, l_moments, mean_kurtosis, predictive_checks
from tests.quick import quick

FACTORS = 0.5 * np.random.default_rng(99).normal(size=(2, 3))
POOL = 256


def gaussian(draw, n):
    return draw.normal(size=(n, 2)) @ FACTORS + draw.normal(size=(n, 3))


def heavy(draw, n):
    return draw.normal(size=(n, 2)) @ FACTORS + draw.standard_t(3, size=(n, 3))


def heavy_of_equal_variance(draw, n):
    return draw.normal(size=(n, 2)) @ FACTORS + draw.standard_t(3, size=(n, 3)) / 3**0.5


def rates(draw, n):
    return np.exp(draw.normal(scale=0.3, size=(n, 3)) + 0.7)


def poisson(draw, n):
    return draw.poisson(rates(draw, n))


def zero_inflated(draw, n):
    return poisson(draw, n) * (draw.uniform(size=(n, 3)) > 0.25)


def negative_binomial(draw, n):
    return draw.poisson(rates(draw, n) * draw.gamma(2.0, 0.5, size=(n, 3)))


def deep_and_shallow(draw, n):
    return draw.poisson(rates(draw, n) * draw.gamma(3.0, 1 / 3, size=(n, 1)))


def bits(draw, n):
    return (draw.uniform(size=(n, 8)) < np.geomspace(0.002, 0.5, 8)).astype(int)


def found(data, simulated, **options):
    return {check.statistic: check for check in predictive_checks(data, simulated, **options)}


def outside(check):
    return not check.low <= check.observed <= check.high


@pytest.mark.parametrize(
    ("model", "rows"),
    quick((heavy, 60), (bits, 60), of=itertools.product([gaussian, heavy, poisson, bits], [60, 1000])),
)
def test_data_from_the_model_itself_are_inside(model, rows):
    draw = np.random.default_rng(rows)
    sets = [found(model(draw, rows), model(draw, POOL)) for _ in range(40)]
    counts = {name: sum(outside(checks[name]) for checks in sets) for name in sets[0]}
    # Inside in 95 % or more: five outside of forty would happen once in twenty times at exactly 95 %.
    assert max(counts.values()) <= stats.binom.ppf(0.999, 40, 0.05), counts
    assert sum(counts.values()) <= 0.06 * 40 * len(counts), counts


@pytest.mark.slow
def test_both_errors_are_in_the_range():
    """A range for the data sets alone would leave out half of them, where data are many and the pool is small."""
    draw = np.random.default_rng(3)
    checks = [found(gaussian(draw, 4000), gaussian(draw, 100))["spread"] for _ in range(40)]
    assert np.mean([outside(check) for check in checks]) <= 0.05
    few, many = (found(gaussian(draw, 400), gaussian(draw, pool))["spread"] for pool in (50, 5000))
    assert few.high - few.low > 1.5 * (many.high - many.low)


@pytest.mark.parametrize(
    ("truth", "model", "loud", "up"),
    [
        (heavy, gaussian, ["kurtosis", "spread"], True),
        (heavy_of_equal_variance, gaussian, ["kurtosis"], True),
        (gaussian, heavy, ["kurtosis", "spread"], False),
        (zero_inflated, poisson, ["zeros"], True),
        (negative_binomial, poisson, ["spread", "row totals"], True),
        (poisson, negative_binomial, ["spread", "row totals"], False),
        (deep_and_shallow, poisson, ["row totals"], True),
    ],
)
def test_a_wrong_likelihood_is_given_away(truth, model, loud, up):
    for seed in range(5):
        draw = np.random.default_rng(seed)
        checks = found(truth(draw, 500), model(draw, POOL))
        assert all(checks[name].observed > checks[name].high for name in loud if up)
        assert all(checks[name].observed < checks[name].low for name in loud if not up)


@pytest.mark.parametrize(
    ("law", "second", "ratio"),  # Hosking 1990, Table 1
    [
        (stats.norm, 1 / np.pi**0.5, 0.1226),
        (stats.uniform, 1 / 6, 0.0),
        (stats.logistic, 1.0, 1 / 6),
        (stats.expon, 1 / 2, 1 / 6),
        (stats.t(3), 0.8270, 0.2612),
    ],
)
def test_l_moments_equal_those_of_the_tables(law, second, ratio):
    values = law.ppf((np.arange(200_000) + 0.5) / 200_000)
    weights = np.full((1, len(values)), 1 / len(values))
    mine, fourth = l_moments(values, weights)
    np.testing.assert_allclose([mine[0], fourth[0] / mine[0]], [second, ratio], atol=1e-3)


def test_weights_are_repetitions():
    draw = np.random.default_rng(0)
    values, counts = draw.normal(size=20), draw.multinomial(30, np.full(20, 0.05))
    weighted = l_moments(values, counts[None] / 30)
    repeated = l_moments(np.repeat(values, counts), np.full((1, 30), 1 / 30))
    np.testing.assert_allclose(weighted, repeated, rtol=1e-10)
    assert mean_kurtosis(np.ones((4, 1)), np.full((1, 4), 0.25)).tolist() == [0.0]


def test_units_do_not_matter_to_real_features():
    draw = np.random.default_rng(1)
    data, simulated = gaussian(draw, 80), gaussian(draw, POOL)
    scales = np.geomspace(1e-6, 1e6, 3)
    for here, there in zip(
        predictive_checks(data, simulated), predictive_checks(data * scales, simulated * scales), strict=True
    ):
        np.testing.assert_allclose([here.observed, here.high], [there.observed, there.high], rtol=1e-6)


def test_a_statistic_without_anything_to_look_at_is_not_there():
    draw = np.random.default_rng(2)
    real, counts, pool = gaussian(draw, 50), poisson(draw, 50), gaussian(draw, POOL)
    assert set(found(real, pool)) == {"spread", "kurtosis", "row totals"}
    assert set(found(real[:, :1], pool[:, :1])) == {"spread", "kurtosis"}
    assert set(found(counts, poisson(draw, POOL))) == {"spread", "zeros", "row totals"}
    assert set(found(counts, pool)) == {"spread", "kurtosis", "zeros", "row totals"}, "counts under a Gaussian"
    rare = np.where(draw.uniform(size=(50, 3)) < 0.1, real, 0.0)
    assert set(found(rare, pool)) == {"zeros"}
    assert found(np.full((9, 2), 3), np.full((9, 2), 3)) == {}
    assert predictive_checks(real[:1], pool) == predictive_checks(real, np.where(pool > 2, np.nan, pool)) == []


def test_the_seed_decides_and_many_features_are_sampled():
    draw = np.random.default_rng(4)
    data, pool = draw.uniform(size=(40, 3 * MOST_FEATURES)), draw.uniform(size=(60, 3 * MOST_FEATURES))
    assert found(data, pool, seed=1) == found(data, pool, seed=1)
    assert found(data, pool, seed=1)["spread"].observed != found(data, pool, seed=2)["spread"].observed
    assert found(data.astype(np.float32), pool, seed=1)["row totals"].low == pytest.approx(
        found(data, pool, seed=1)["row totals"].low, rel=1e-4
    )
