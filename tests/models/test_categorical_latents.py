"""Categorical latents: sums over all their values, and a use by name from the fit to the audit."""

import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

import taut
from taut.errors import OptionError
from taut.numerics import Categories, states_of
from taut.objectives import Objective, beta, summed_elbo
from tests.objectives.instances import (
    BITS,
    drawn_gradients,
    exact_gradient,
    log_weights_at,
    states,
)

X = jnp.array(BITS)


def test_probabilities_of_all_values_sum_to_one_and_draws_have_them(key):
    two = Categories(jnp.array([[0.3, -1.0, 0.5], [2.0, 0.0, -1.0]]))
    values = states_of(two)
    assert values.shape == (9, 6)
    probabilities = jnp.exp(jax.jit(jax.vmap(two.log_prob))(values))
    by_hand = [p * q for p, q in itertools.product(*np.asarray(jax.nn.softmax(two.logits)))]
    np.testing.assert_allclose(probabilities, by_hand, rtol=1e-5)
    drawn = jax.jit(jax.vmap(two.sample))(jr.split(key, 4000))
    error = jnp.sqrt(two.variance / 4000)
    assert (jnp.abs(drawn.mean(axis=0) - two.mean) < 5 * error).all()
    assert float(two.log_prob(jnp.zeros(6))) == float(two.log_prob(jnp.full(6, 1 / 3))) == -np.inf


@pytest.mark.parametrize("distribution", [dist.Normal(0.0, 1.0), dist.Poisson(1.0), Categories(jnp.zeros((13, 2)))])
def test_what_has_no_end_of_values_has_no_list_of_them(distribution):
    assert states_of(distribution) is None


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("kl_weight", [1.0, 0.5])
def test_the_summed_elbo_has_the_exact_gradient_in_a_single_draw(kl_weight, key):
    model, guide = states()
    objective = Objective(beta(1.0).bound, summed_elbo().estimator, 1, kl_weight)

    def exactly(model, guide):
        log_w, log_q = log_weights_at(model, guide, X, jnp.arange(3), kl_weight)
        return jnp.exp(log_q) @ log_w

    exact, _ = exact_gradient(exactly, model, guide)
    np.testing.assert_allclose(drawn_gradients(objective, model, guide, X, key=key, draws=1)[0], exact, atol=1e-12)
    log_w, log_q = log_weights_at(model, guide, X, jnp.arange(3))
    assert float(objective(model, guide, X, key=key)) == pytest.approx(float(jnp.exp(log_q) @ log_w), abs=1e-12)


def test_a_gaussian_has_no_sum(key):
    from tests.objectives.instances import bernoulli

    with pytest.raises(OptionError, match="A sum over all latents wants categorical ones, of at most 4096 values"):
        summed_elbo()(*bernoulli(), X, key=key)


def two_kinds(rows=120):
    """Rows of two kinds, of which a model of two categories is the right one, and a tenth of the cells missing."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, rows)
    table = np.where(kind, 2.0, -2.0)[:, None] + 0.3 * rng.standard_normal((rows, 3))
    return np.where(rng.random(table.shape) < 0.1, np.nan, table), kind


@pytest.mark.slow
def test_by_name_from_fit_to_audit(tmp_path):
    table, kind = two_kinds()
    options = {"prior": "categorical", "guide": "categorical", "objective": "summed", "hidden": (16,)}
    vae = taut.VAE(2, **options, max_epochs=40, learning_rate=1e-2, random_state=0).fit(
        taut.data.Table(values=table, name="two")
    )
    places = vae.transform(table)
    assert np.isin(kind == places.argmax(axis=1), [True]).mean() in (0.0, 1.0)
    ledger = vae.audit(table[:20])
    assert ledger.evidence.lower.status == "exact"
    assert ledger.evidence.lower.value == pytest.approx(ledger.evidence.upper.value)
    filled = vae.impute(table)
    holes = np.isnan(table)
    assert np.abs(filled[holes] - np.where(kind, 2.0, -2.0)[:, None].repeat(3, axis=1)[holes]).max() < 1.5
    vae.save(tmp_path / "run")
    assert np.array_equal(taut.load(tmp_path / "run").transform(table), places)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"prior": "categorical:2"}, "`guide` wants to be categorical where the prior is"),
        ({"prior": "categorical:2", "guide": "categorical:4"}, "of as many categories; got prior `categorical:2`"),
        ({"prior": "categorical:3", "guide": "categorical:3"}, "got 3 categories and 4 latents; change one of them"),
        ({"prior": "categorical:2", "guide": "categorical:2"}, "or an objective such as vimco, which wants none"),
    ],
)
def test_categories_that_do_not_go_together_get_a_sentence(options, sentence):
    with pytest.raises(OptionError) as refused:
        taut.VAE(4, **options, hidden=(4,), max_epochs=1).fit(np.eye(6, dtype=np.uint8))
    assert sentence in str(refused.value)
