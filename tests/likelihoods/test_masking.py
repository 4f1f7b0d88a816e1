"""Holes that depend on what they hide: terms against quadrature, and all patterns and values summing to one."""

import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import integrate, special

from taut import likelihoods
from taut.likelihoods.holes import nodes_of
from taut.numerics import mean_of


def masking(form="as it is", slope=2.0):
    parts = {"level": -0.5, "slope": slope, "centre": 0.3, "spread": 0.8}
    return likelihoods.NumberMasking(**{name: jnp.full(1, value) for name, value in parts.items()}, form=form)


def one():
    return {"centre": jnp.array([0.2]), "spread": jnp.array([1.3])}


FAMILIES = {
    "gaussian": lambda: (likelihoods.Gaussian(1, **one()), masking(), (-12, 12)),
    "steep": lambda: (likelihoods.Gaussian(1, **one()), masking(slope=6.0), (-12, 12)),
    "log-normal": lambda: (likelihoods.LogNormal(1, **one()), masking("log"), (1e-9, 500)),
    "logit-normal": lambda: (likelihoods.LogitNormal(1, **one()), masking("log-odds"), (1e-6, 1 - 1e-6)),
    "in other units": lambda: (
        likelihoods.InUnits(likelihoods.Gaussian(1, **one()), jnp.zeros(1)),
        masking(),
        (-12, 12),
    ),
    "beta": lambda: (likelihoods.Beta(1, centre=jnp.array([0.4])), masking("log-odds"), (1e-6, 1 - 1e-6)),
    "student-t": lambda: (likelihoods.StudentT(1, **one()), masking(), (-400, 400)),
    "mixture": lambda: (likelihoods.GaussianMixture(1, **one()), masking(), (-15, 15)),
}


def missingness(*blocks, places=None):
    places = places or tuple((place,) for place in range(len(blocks)))
    return likelihoods.Missingness(tuple(blocks), places, jnp.ones(sum(map(len, places)), bool))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_hidden_term_is_the_integral(name, float64):
    likelihood, block, (low, high) = FAMILIES[name]()
    mixed = likelihoods.Mixed((likelihood,), ((0,),))
    cells, hides = mixed(jnp.linspace(-0.3, 0.4, mixed.outputs)), missingness(block)

    density = jax.jit(cells.log_prob)
    grid = np.linspace(low, high, 40_001) if name != "log-normal" else np.exp(np.linspace(-9, 6.2, 40_001))
    p = np.exp(np.asarray(jax.jit(jax.vmap(density))(jnp.asarray(grid)[:, None])))
    weighed = p * special.expit(np.asarray(block(jnp.asarray(grid)[None])[0]))
    assert float(jnp.exp(hides.log_hidden(cells))[0]) == pytest.approx(integrate.trapezoid(weighed, grid), rel=2e-3)
    if name != "student-t":
        mean = integrate.trapezoid(weighed * grid, grid) / integrate.trapezoid(weighed, grid)
        assert float(hides.hidden_mean(cells)[0]) == pytest.approx(mean, rel=5e-3, abs=2e-3)


def test_codes_are_summed_exactly(float64):
    likelihood = likelihoods.Categorical(1, 3)
    mixed = likelihoods.Mixed((likelihood,), ((0,),))
    cells = mixed(jnp.array([0.1, 0.7, -0.4]))
    hides = missingness(likelihoods.CodeMasking(jnp.array([[-1.0, 0.0, 2.0]])))
    expected = special.softmax([0.1, 0.7, -0.4]) @ special.expit([-1.0, 0.0, 2.0])
    assert float(jnp.exp(hides.log_hidden(cells))[0]) == pytest.approx(expected, rel=1e-10)


def test_values_and_holes_together_sum_to_one(float64):
    """Over both patterns and all values of every entry: a Gaussian, a coin, a category and a count."""
    blocks = (likelihoods.Gaussian(1), likelihoods.Bernoulli(1), likelihoods.Categorical(1, 3))
    mixed = likelihoods.Mixed(blocks, ((2,), (0,), (1,)))
    hides = missingness(
        masking(), masking(), likelihoods.CodeMasking(jnp.array([[-1.0, 0.0, 2.0]])), places=mixed.places
    )
    entries = mixed(jnp.linspace(-1.0, 1.0, mixed.outputs))
    grid = np.linspace(-8, 8, 401)

    @jax.jit
    @jax.vmap
    def density(x):
        there = ~jnp.isnan(x)
        return jnp.exp(likelihoods.Observed(entries, there, jnp.zeros(3), hides).log_prob(x))

    total, cases = 0.0, ([0.0, 1.0, np.nan], [0.0, 1.0, 2.0, np.nan])
    for coin, code in itertools.product(*cases):
        rows = np.stack([np.full(402, coin), np.full(402, code), np.append(grid, np.nan)], axis=1)
        p = np.asarray(density(jnp.asarray(rows)))
        total += integrate.trapezoid(p[:-1], grid) + p[-1]
    assert total == pytest.approx(1.0, rel=1e-6)


def test_a_missing_cell_is_drawn_with_the_weight_of_being_missing(key):
    mixed = likelihoods.Mixed((likelihoods.Gaussian(1), likelihoods.Poisson(1)), ((0,), (1,)))
    hides = missingness(masking(), None)
    own = likelihoods.Observed(mixed(jnp.zeros(2)), jnp.zeros(2, bool), jnp.zeros(2), hides)
    draws = np.asarray(jax.jit(jax.vmap(own.unseen.sample))(jr.split(key, 20_000)))
    mean = np.asarray(mean_of(own.unseen))
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - mean) < 5 * error)
    assert mean[0] > 0.3
    assert mean[1] == pytest.approx(1.0, rel=1e-5)


def test_draws_hide_themselves(key):
    mixed = likelihoods.Mixed((likelihoods.Gaussian(1),), ((0,),))
    hides = missingness(masking())
    own = likelihoods.Observed(mixed(jnp.zeros(1)), jnp.ones(1, bool), jnp.zeros(1), hides)
    _, observed = jax.jit(jax.vmap(lambda key: own.draw(key=key)))(jr.split(key, 20_000))
    share = float(jnp.exp(hides.log_hidden(own.entries))[0])
    assert 1 - np.asarray(observed).mean() == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 20_000))


def test_counts_have_no_nodes():
    assert nodes_of(likelihoods.Poisson(1)(jnp.zeros(1))) is None


def test_without_a_slope_holes_say_nothing_of_values(float64):
    mixed = likelihoods.Mixed((likelihoods.Gaussian(2),), ((0, 1),))
    flat = likelihoods.NumberMasking(
        *(jnp.array(part) for part in ([-1.0, 0.5], [0.0, 0.0], [0.0, 1.0], [1.0, 2.0])),
        form="as it is",
    )
    hides = missingness(flat, places=((0, 1),))
    x, entries = jnp.array([0.3, jnp.nan]), mixed(jnp.zeros(2))
    there, usual = ~jnp.isnan(x), jnp.zeros(2)
    alone = likelihoods.Observed(entries, there, usual).log_prob(x)
    both = likelihoods.Observed(entries, there, usual, hides).log_prob(x)
    pattern = np.log1p(-special.expit(-1.0)) + np.log(special.expit(0.5))
    assert float(both - alone) == pytest.approx(pattern, rel=1e-10)
