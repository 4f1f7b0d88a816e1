"""Laws of every lower bound: below the evidence, exact at the exact posterior, rising with the number of draws."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import bounds, weights
from tests.laws.instances import PAIRS
from tests.quick import quick

LOWER = {"mean log-weight": bounds.mean_log_weight, "log mean weight": bounds.log_mean_weight}
DRAWS, REPLICATES = 16, 2000
QUICK = ("linear, full encoder", "finite, uniform")


@pytest.fixture(scope="module", params=quick(*QUICK, of=[*QUICK, "sine, encoder"]))
def drawn(request):
    """log p(x) of a pair, and log-weights: replicates × draws."""
    pair = PAIRS[request.param]()
    truth = bounds.log_evidence(pair.model, pair.x, tolerance=1e-4).value
    keys = jr.split(jr.key(11), REPLICATES)
    compiled = eqx.filter_jit(
        lambda pair, keys: jax.vmap(lambda key: weights.log_weights(*pair, draws=DRAWS, key=key))(keys)
    )
    return truth, compiled(pair, keys)


@pytest.mark.parametrize("bound", LOWER)
@pytest.mark.parametrize("draws", [1, DRAWS])
def test_stays_below_the_evidence(bound, draws, drawn):
    truth, log_w = drawn
    values = np.asarray(jax.jit(jax.vmap(LOWER[bound]))(log_w[:, :draws]), np.float64)
    z = (values.mean() - truth) / (values.std(ddof=1) / np.sqrt(REPLICATES))
    assert z < 5, f"mean {values.mean():.4f} is {z:.1f} standard errors above {truth:.4f}"


def test_the_two_agree_at_one_draw(drawn):
    _, log_w = drawn
    one = log_w[:100, :1]
    np.testing.assert_allclose(
        jax.jit(jax.vmap(bounds.mean_log_weight))(one), jax.jit(jax.vmap(bounds.log_mean_weight))(one), rtol=1e-6
    )


def test_more_draws_raise_the_log_mean_weight(drawn):
    """Half the draws and the other half: the mean of two logs lies below the log of the mean, set for set."""
    _, log_w = drawn
    means = jax.jit(jax.vmap(bounds.log_mean_weight))
    draws = DRAWS
    while draws > 1:
        whole = means(log_w[:, :draws])
        halves = 0.5 * (means(log_w[:, : draws // 2]) + means(log_w[:, draws // 2 : draws]))
        assert jnp.all(whole >= halves - 1e-4)
        assert float(jnp.mean(whole)) > float(jnp.mean(halves))
        draws //= 2


@pytest.mark.parametrize("bound", LOWER)
@pytest.mark.parametrize("draws", [1, 3, 1000])
def test_of_equal_weights_is_their_logarithm(bound, draws):
    """With the oracle that every log-weight is log p(x) there: exact at the exact posterior."""
    assert float(LOWER[bound](jnp.full(draws, -543.21))) == pytest.approx(-543.21, rel=1e-6)
