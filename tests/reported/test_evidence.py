"""Weights and densities made by hand."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut.errors import ShapeError
from taut.models import LogJoint
from taut.numerics import log_mean_exp
from taut.weights import effective_sample_size, pareto_khat


def test_weights_far_below_what_exp_can_hold(key):
    """stan-dev/posterior#463: sums of log-weights below −745 underflowed; arviz#2148, normalised or not."""
    log_w = jr.normal(key, (400,))
    assert float(log_mean_exp(log_w - 1000.0)) == pytest.approx(float(log_mean_exp(log_w)) - 1000.0, abs=1e-3)
    for measure in (pareto_khat, effective_sample_size):
        assert float(measure(log_w - 1000.0)) == pytest.approx(float(measure(log_w)), rel=1e-2)


def test_a_density_that_was_not_summed():
    """pyro-ppl/numpyro#1230: a matrix of log-probabilities was summed without a word."""
    model = LogJoint(lambda x, z: -0.5 * (x - z) ** 2, latents=1)
    with pytest.raises(ShapeError, match="One number"):
        model.log_joint(jnp.zeros(3), jnp.zeros(1))


def test_weights_that_are_all_zero():
    """stan-dev/posterior#463: NaN where no draw has any weight."""
    assert float(log_mean_exp(jnp.full(5, -jnp.inf))) == -np.inf
