"""Drawing and weighing one draw; rows that are many, few or local."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import guides, weights
from tests.laws.instances import PAIRS, encoder, linear_gaussian, rows_of


@pytest.mark.parametrize("name", ["linear, full encoder", "finite, uniform"])
def test_the_two_halves_are_densities_of_numpyro(name, key):
    model, guide, x = PAIRS[name]()
    q = guide(x)
    drawn = weights.draw(model, q, x, key=key)
    z = drawn.latent
    np.testing.assert_array_equal(z, q.sample(key))
    assert float(drawn.reconstruction) == pytest.approx(float(model.likelihood(z).log_prob(x)), rel=1e-6)
    assert float(drawn.log_weight) == pytest.approx(float(model.log_joint(x, z) - q.log_prob(z)), rel=1e-5)


def test_single_precision_follows_double():
    z = [0.3, -0.7]
    values = []
    for double in (False, True):
        with jax.enable_x64(double):
            model = linear_gaussian(50, 2)
            x = jnp.asarray(np.linspace(-3, 3, 50), float)
            weigh = jax.jit(lambda x, z, model=model: weights.weigh(model, model.posterior(x), x, z))
            values.append([float(half) for half in weigh(x, jnp.asarray(z, float))[1:]])
    np.testing.assert_allclose(values[0], values[1], rtol=2e-5)


def test_local_guides_stay_with_their_rows():
    model = linear_gaussian()
    data = rows_of(model, 5)
    local = guides.free_gaussians(encoder(5, 2), data)
    function = weights.LogWeightsOfRow(6, chunk=4)
    together = weights.map_rows(function, model, local, np.asarray(data), key=jr.key(0), block=2)
    amortised = weights.map_rows(function, model, encoder(5, 2), np.asarray(data), key=jr.key(0), block=2)
    np.testing.assert_allclose(together, amortised, rtol=1e-3)


def test_integers_are_the_same_data_as_floats():
    from tests.laws.instances import random_net

    model, guide = random_net(1), encoder(6, 1)
    data = np.random.default_rng(0).integers(0, 2, (4, 6))
    runs = [
        weights.map_rows(weights.LogWeightsOfRow(3), model, guide, data.astype(kind), key=jr.key(0))
        for kind in (np.uint8, np.float64)
    ]
    for run in runs[1:]:
        np.testing.assert_array_equal(run, runs[0])


def test_progress_counts_rows_and_ends_at_all_of_them():
    model = linear_gaussian()
    seen = []
    weights.map_rows(
        weights.LogWeightsOfRow(1),
        model,
        encoder(5, 2),
        np.asarray(rows_of(model, 7)),
        key=jr.key(0),
        block=3,
        on_block=seen.append,
    )
    assert seen == [3, 6, 7]


def test_all_blocks_share_one_compilation():
    class Counting(weights.RowFunction):
        def __call__(self, model, guide, x, *, key):
            traces.append(x.shape)
            return jnp.sum(x)

    traces = []
    model = linear_gaussian()
    data = np.asarray(rows_of(model, 7))
    result = weights.map_rows(Counting(), model, encoder(5, 2), data, key=jr.key(0), block=2)
    assert len(traces) == 1
    np.testing.assert_allclose(result, data.sum(axis=1), rtol=1e-5)


def test_any_pytree_comes_back_by_rows():
    class Two(weights.RowFunction):
        def __call__(self, model, guide, x, *, key):
            return {"sum": jnp.sum(x), "noise": jr.normal(key, (2,))}

    model = linear_gaussian()
    data = np.asarray(rows_of(model, 5))
    result = weights.map_rows(Two(), model, encoder(5, 2), data, key=jr.key(0), block=2)
    assert result["sum"].shape == (5,)
    assert result["noise"].shape == (5, 2)
    assert isinstance(result["noise"], np.ndarray)


def test_a_weight_that_is_no_number_is_shown():
    model = linear_gaussian()
    broken = eqx.tree_at(lambda model: model.offset, model, model.offset.at[0].set(jnp.nan))
    log_w = weights.log_weights(broken, encoder(5, 2), jnp.zeros(5), draws=3, key=jr.key(0))
    assert np.all(np.isnan(log_w))
