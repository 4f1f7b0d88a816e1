"""Missing cells at scoring, whatever the fit saw; and log p of some cells given the others."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import taut
from taut.errors import DataError, OptionError
from taut.estimators.holes import usual_values
from taut.models import standard_normal
from taut.numerics import log_density_by_entry
from tests.laws.instances import each_likelihood
from tests.quick import quick

RECIPE = {"hidden": (), "max_epochs": 30, "random_state": 0, "verbose": False, "learning_rate": 0.01}


def correlated(n=400, seed=0):
    generator = np.random.default_rng(seed)
    z = generator.normal(size=(n, 1))
    return z @ np.array([[2.0, -1.0, 0.5, 1.0]]) + generator.normal(size=(n, 4)) * np.array([0.3, 0.5, 1.0, 0.2]) + 3.0


@pytest.fixture(scope="module")
def linear():
    return taut.VAE(latent_dim=1, likelihood="gaussian", covariance="full", **RECIPE).fit(correlated())


@pytest.fixture(scope="module")
def table():
    rows = {name: correlated()[:, place] for place, name in enumerate("abcd")}
    kinds = {name: {"kind": "real", "family": "gaussian"} for name in "abcd"}
    return taut.VAE(latent_dim=1, schema=kinds, covariance="full", **RECIPE).fit(rows)


def gaussian_of(vae):
    """Weight, mean and noise of x under a linear decoder; the scales of its Gaussian know nothing of z."""
    zero, one = (vae.model_.likelihood(jnp.full(1, value)) for value in (0.0, 1.0))
    mean = np.asarray(zero.mean, np.float64)
    columns = vae.schema_.entries
    offsets, units = (np.array([getattr(column, name) for column in columns]) for name in ("offset", "unit"))
    coded = zero.coded if vae.schema_.one_block else zero.blocks[0].coded
    weight = (np.asarray(one.mean, np.float64) - mean) * units
    return weight[:, None], mean * units + offsets, np.asarray(coded.variance, np.float64) * units**2


def exact(vae, row):
    """log p of the observed cells, and the posterior mean, in closed form."""
    weight, mean, noise = gaussian_of(vae)
    there = ~np.isnan(row)
    if not there.any():
        return 0.0, np.zeros(1)
    weight, centred, noise = weight[there], row[there] - mean[there], np.diag(noise[there])
    covariance = weight @ weight.T + noise
    return multivariate_normal(cov=covariance).logpdf(centred), weight.T @ np.linalg.solve(covariance, centred)


def with_holes(n=60, seed=1):
    rows = correlated(n, seed)
    rows[np.random.default_rng(seed).random(rows.shape) < 0.4] = np.nan
    rows[0] = np.nan
    return rows[np.isnan(rows).any(axis=1)]


@pytest.mark.parametrize("fit", quick("table", of=["linear", "table"]))
def test_rows_with_new_holes_have_the_log_p_and_the_posterior_of_the_closed_form(fit, request):
    vae, rows = request.getfixturevalue(fit), with_holes()
    truth = [exact(vae, row) for row in rows]
    found = vae.score_samples(rows)
    np.testing.assert_allclose(found, [log_p for log_p, _ in truth], atol=2e-4)
    np.testing.assert_allclose(vae.transform(rows), [mean for _, mean in truth], atol=2e-3)
    assert found[0] == 0.0
    np.testing.assert_allclose(vae.account(rows[1:], draws=50).log_p, found[1:], atol=2e-4)


def test_rows_without_holes_are_scored_as_if_none_had_any(linear):
    whole = correlated(20, seed=2)
    both = np.concatenate([whole, with_holes()])
    np.testing.assert_array_equal(linear.score_samples(both)[:20], linear.score_samples(whole))
    np.testing.assert_array_equal(linear.transform(both)[:20], linear.transform(whole))


@pytest.mark.parametrize(("fit", "of"), [("linear", [0, 3]), ("table", ["a", "d"])])
def test_some_cells_given_the_others_have_the_density_of_the_closed_form(fit, of, request):
    vae, rows = request.getfixturevalue(fit), correlated(40, seed=3)
    rest = rows.copy()
    rest[:, [0, 3]] = np.nan
    truth = [exact(vae, row)[0] - exact(vae, other)[0] for row, other in zip(rows, rest, strict=True)]
    np.testing.assert_allclose(vae.score_samples(rows, of=of), truth, atol=2e-4)


def test_of_all_cells_it_is_log_p_and_of_missing_ones_zero(linear):
    rows = correlated(10, seed=4)
    truth = [exact(linear, row)[0] for row in rows]
    np.testing.assert_allclose(linear.score_samples(rows, of=[0, 1, 2, 3]), truth, atol=2e-4)
    rows[:, 1] = np.nan
    np.testing.assert_array_equal(linear.score_samples(rows, of=1), 0.0)


@pytest.mark.parametrize("of", ["e", [], 7])
def test_cells_that_are_none_of_the_model_are_refused(of, linear):
    with pytest.raises(OptionError, match="x0, x1"):
        linear.score_samples(correlated(3), of=of)


def test_an_infinity_is_refused_with_its_place(linear):
    rows = with_holes()
    rows[3, 2] = -np.inf
    with pytest.raises(DataError, match="infinity in row 3, column 2"):
        linear.score_samples(rows)


@pytest.mark.slow
def test_an_audit_takes_rows_with_holes(linear):
    ledger = linear.audit(with_holes(), draws=20, bracket=False)
    assert np.isfinite(ledger.elbo.value)


def rows_for(likelihood):
    rows = np.random.default_rng(0).integers(0, 5, (30, 4))
    return rows > 2 if likelihood == "bernoulli" else rows / 4 if likelihood == "continuous-bernoulli" else rows


@pytest.mark.parametrize("likelihood", each_likelihood())
def test_usual_values_have_a_finite_density_and_matter_nowhere(likelihood):
    rows = rows_for(likelihood)
    parts = taut.likelihoods.named(likelihood, rows.astype(float))
    decoder = taut.networks.Perceptron(1, parts.outputs, hidden=(), key=jr.key(0))
    model = taut.models.LatentVariableModel(prior=standard_normal(1), decoder=decoder, likelihood=parts)
    usual, z, x = usual_values(model, 1), jnp.full(1, 0.3), jnp.asarray(rows[0], float)
    by_entry = log_density_by_entry(model.likelihood(z), x)
    assert np.isfinite(log_density_by_entry(model.likelihood(z), usual)).all()
    holed = taut.models.LatentVariableModel(
        prior=standard_normal(1), decoder=decoder, likelihood=parts, fill_value=usual
    )
    found = holed.log_joint(x.at[1].set(jnp.nan), z) - holed.prior().log_prob(z)
    np.testing.assert_allclose(found, by_entry.sum() - by_entry[1], rtol=1e-5)
    root = holed.given(x.at[1].set(jnp.nan)).information_root(z)
    assert root.shape == (len(parts.owners), 1)
    assert (root[parts.owners == 1] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["categorical", "discretised-logistic"])
def test_log_p_of_a_row_with_a_hole_is_the_integral(likelihood):
    rows = rows_for(likelihood)
    vae = taut.VAE(1, likelihood=likelihood, hidden=(), max_epochs=1, random_state=0, verbose=False).fit(rows)
    holed = rows[:4].astype(float)
    holed[:, 1] = np.nan
    grid = jnp.linspace(-7.0, 7.0, 2001)[:, None]

    def at(z, row):
        by_entry = log_density_by_entry(vae.model_.likelihood(z), row)
        return by_entry.sum() - by_entry[1] + vae.model_.prior().log_prob(z)

    values = jax.jit(jax.vmap(lambda row: jax.vmap(lambda z: at(z, row))(grid)))(jnp.asarray(rows[:4], float))
    truth = logsumexp(np.asarray(values, np.float64), axis=1) + np.log(14.0 / 2000)
    np.testing.assert_allclose(vae.score_samples(holed), truth, atol=0.02)


@pytest.mark.slow
def test_binarised_greys_may_have_holes():
    greys = np.random.default_rng(0).integers(0, 256, (40, 9)).astype(np.uint8)
    vae = taut.VAE(1, binarise="fixed", hidden=(), max_epochs=1, random_state=0, verbose=False).fit(greys)
    holed = greys[:5].astype(float)
    holed[:, :4] = np.nan
    assert (vae.score_samples(holed, draws=50) > vae.score_samples(greys[:5], draws=50)).all()
