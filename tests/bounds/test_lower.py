"""What an estimate says of itself, and its standard error."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from taut import bounds
from taut.bounds.lower import log_mean_weight_error


def test_one_draw_has_no_standard_error():
    assert bounds.elbo(jnp.array([-3.0])).std_error is None
    assert bounds.importance(jnp.array([-3.0])).std_error is None


def test_only_the_certificate_is_certified():
    log_w = jnp.array([-3.0, -2.0])
    assert bounds.elbo(log_w).status == bounds.importance(log_w).status == "estimate"
    certified = bounds.certified_lower(np.array([-3.0, -2.0]), delta=0.05, draws=2)
    assert (certified.status, certified.delta, certified.draws) == ("certified-lower", 0.05, 2)
    assert certified.value == pytest.approx(-2.5 - math.log(20) / 2)


def test_the_delta_method_gives_the_spread_of_the_log_mean():
    """The error that one set of draws states, against the spread over many sets."""
    rng = np.random.default_rng(0)
    log_w = jnp.asarray(0.8 * rng.normal(size=(4000, 200)), jnp.float32)
    stated = float(jnp.mean(jax.jit(jax.vmap(log_mean_weight_error))(log_w)))
    spread = float(jnp.std(jax.jit(jax.vmap(bounds.log_mean_weight))(log_w)))
    assert stated == pytest.approx(spread, rel=0.06)


def test_one_failed_row_voids_the_certificate():
    assert math.isnan(bounds.certified_lower(np.array([-1.0, np.nan])).value)
    assert bounds.certified_lower(np.array([-1.0, -np.inf])).value == -np.inf
