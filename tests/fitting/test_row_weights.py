"""Rows that count more than others: as if they were there more often."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import fit
from taut.errors import OptionError
from taut.fitting import AsFloat, Plan
from taut.fitting.epoch import EpochProgram, Steps, _loss
from tests.fitting.instances import Mean, arrays, objective, prior_guide, same_bits, squared
from tests.quick import quick

WEIGHTS = np.array([1.0, 3.0, 2.0, 5.0, 1.0])
STILL = 1e-30  # a learning rate that moves nothing


def rows(n=5, seed=0):
    return np.random.default_rng(seed).normal(1.0, 1.0, (n, 3)).astype(np.float32)


def fit_mean(data, *, epochs=20, batch_size=100, learning_rate=0.1, **arguments):
    plan = Plan(epochs=epochs, batch_size=min(batch_size, len(data)), learning_rate=learning_rate)
    return fit(
        Mean(jnp.zeros(3)), prior_guide(), data, key=jr.key(0), objective=objective(squared), plan=plan, **arguments
    )


def test_whole_numbers_as_weights_are_the_rows_repeated():
    data = rows()
    repeated = fit_mean(data.repeat(WEIGHTS.astype(int), axis=0))
    weighted = fit_mean(data, weights=WEIGHTS)
    np.testing.assert_allclose(weighted.model.mean, repeated.model.mean, rtol=1e-5)
    for ours, theirs in zip(weighted.history, repeated.history, strict=True):
        assert ours.train == pytest.approx(theirs.train, rel=1e-5)


def test_the_gradient_is_that_of_the_weighted_mean():
    data, weights = jnp.asarray(rows()), jnp.asarray(WEIGHTS / WEIGHTS.mean(), jnp.float32)
    program = EpochProgram(objective(squared), AsFloat(), Plan().optimiser(1), 5, 1)
    trainable, fixed = eqx.partition((Mean(jnp.zeros(3)), prior_guide()), eqx.is_inexact_array)
    now = Steps(jnp.arange(5), weights, jnp.asarray(0.0), jr.key(0))
    gradient = jax.grad(_loss)(trainable, fixed, program, data, now, 5)[0].mean
    np.testing.assert_allclose(gradient, -(WEIGHTS @ np.asarray(data)) / WEIGHTS.sum(), rtol=1e-5)


@pytest.mark.parametrize("batch_size", quick(2, of=[2, 3, 5]))
def test_an_epoch_of_batches_reports_the_weighted_mean(batch_size):
    data = rows()
    run = fit_mean(data, weights=WEIGHTS, batch_size=batch_size, epochs=1, learning_rate=STILL)
    exact = WEIGHTS @ (-0.5 * (data.astype(np.float64) ** 2).sum(axis=1)) / WEIGHTS.sum()
    assert run.history[0].train == pytest.approx(exact, rel=1e-5)


def test_only_the_ratios_of_weights_count():
    data = rows()
    assert same_bits(arrays(fit_mean(data, weights=WEIGHTS).model), arrays(fit_mean(data, weights=4.0 * WEIGHTS).model))


def test_equal_weights_are_none():
    data = rows(7)
    for batch_size in (3, 7):
        weighted = fit_mean(data, weights=np.full(7, 2.5), batch_size=batch_size)
        assert same_bits(arrays(weighted.model), arrays(fit_mean(data, batch_size=batch_size).model))


def test_held_out_rows_have_weights_of_their_own():
    run = fit_mean(rows(), held_out=rows(seed=1), held_out_weights=WEIGHTS, epochs=1, learning_rate=STILL)
    exact = WEIGHTS @ (-0.5 * (rows(seed=1).astype(np.float64) ** 2).sum(axis=1)) / WEIGHTS.sum()
    assert run.history[0].held_out == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_weight_that_is_not_positive_is_refused(bad):
    with pytest.raises(OptionError, match="positive"):
        fit_mean(rows(), weights=np.array([1.0, bad, 1.0, 1.0, 1.0]))
