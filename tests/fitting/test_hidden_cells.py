"""Cells that the guide misses in training: those of other rows' holes, as often as asked; the bound is that of all."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut.datum import Datum
from taut.estimators import VAEConfig
from taut.estimators.training import without_effect
from taut.fitting.epoch import with_cells_hidden
from taut.guides import Constant, GaussianEncoder
from taut.likelihoods import Bernoulli
from taut.models import LatentVariableModel, standard_normal
from taut.networks import Perceptron
from taut.objectives import dreg

OBSERVED = jnp.array([[True, True, False], [False, True, True], [True, True, True]])
ROWS = Datum(jnp.ones((3, 3)), OBSERVED)


def test_holes_are_those_of_the_row_and_of_another_one(key):
    x, draws = jax.tree.map(lambda leaf: leaf[0], ROWS), 3000
    hide = jax.vmap(lambda key: with_cells_hidden(x, ROWS, share=0.5, key=key).observed)
    seen = np.asarray(hide(jr.split(key, draws)))
    assert not seen[:, 2].any()
    assert seen[:, 1].all()
    error = np.sqrt(5 / 6 * 1 / 6 / draws)
    assert abs(seen[:, 0].mean() - 5 / 6) < 5 * error  # one of three rows lacks it, in half of the looks


def test_nothing_is_hidden_unless_asked_or_where_no_row_lacks_a_cell(key):
    x = jax.tree.map(lambda leaf: leaf[0], ROWS)
    assert with_cells_hidden(x, ROWS, share=0.0, key=key) is x
    assert with_cells_hidden(x.values, ROWS.values, share=1.0, key=key) is x.values


def test_an_option_without_effect_is_said():
    whole = np.ones((2, 2))
    assert "no training row lacks a cell" in without_effect(VAEConfig(hide_cells=0.5), whole)[0]
    assert without_effect(VAEConfig(), whole) == []


def test_the_bound_is_of_all_cells_whatever_the_guide_saw(key):
    model = LatentVariableModel(
        prior=standard_normal(2),
        decoder=Perceptron(2, 3, hidden=(4,), key=jr.key(0)),
        likelihood=Bernoulli(3),
        fill_value=jnp.zeros(3),
    )
    guide = GaussianEncoder(3, 2, hidden=(4,), inputs=lambda x: jnp.where(x.observed, x.values, 0.0), key=jr.key(1))
    x = jax.tree.map(lambda leaf: leaf[0], ROWS)
    seen = x.seen_as(jnp.array([False, True, False]))
    hidden = dreg(3)(model, guide, x, key=key, seen=seen)
    assert float(hidden) == float(dreg(3)(model, Constant(guide(seen)), x, key=key))
    assert float(hidden) != float(dreg(3)(model, guide, x, key=key))
