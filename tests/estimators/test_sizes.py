"""Counts with a size for each row: log mean = log size + output, the size given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse, stats

import taut
from taut import errors
from taut.datum import Datum, rows_on_device
from taut.estimators.evaluation import prepared_rows
from taut.fitting import AsFloat
from taut.fitting.epoch import seen_through
from taut.fitting.starting import on_device
from tests.quick import quick

OPTIONS = {"latent_dim": 1, "hidden": (), "max_epochs": 2, "random_state": 0, "verbose": False}
NAMES = ("poisson", "negative-binomial", "zero-inflated-poisson", "zero-inflated-negative-binomial")


def counts(n=200, features=6, seed=0):
    """Rows of the same composition and very different sizes."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(features))
    drawn = rng.poisson(np.exp(rng.normal(3.0, 1.0, n))[:, None] * shares + 0.1).astype(np.int32)
    return drawn[drawn.sum(axis=1) > 0]


@pytest.fixture(scope="module")
def fitted():
    return taut.VAE(**OPTIONS, likelihood="negative-binomial", size_factor="total").fit(counts())


def test_the_density_is_that_of_scipy_at_size_times_mean(fitted):
    row = counts()[:1]
    x = jax.tree.map(lambda leaf: leaf[0], rows_on_device(prepared_rows(fitted.fitted_, row)))
    size = row.sum() / np.median(counts()[taut.data.split(len(counts()), 0.1, 0)[0]].sum(axis=1))
    model, z = fitted.model_, jnp.array([0.7])
    mean = size * np.exp(np.asarray(model.decoder(z), np.float64))
    shape = np.logaddexp(0, np.asarray(model.observation.raw_concentration, np.float64)) + 1e-4
    expected = stats.nbinom(shape, shape / (shape + mean)).logpmf(row[0]).sum()
    assert float(model.log_likelihood(x, z)) == pytest.approx(expected, rel=1e-4)


def test_twice_the_sizes_are_the_same_sizes():
    rows = counts()
    exposure = np.random.default_rng(1).uniform(1, 3, len(rows))
    tables = [{f"n{i}": rows[:, i] for i in range(6)} | {"exposure": factor * exposure} for factor in (1.0, 2.0)]
    options = {**OPTIONS, "likelihood": "poisson", "size_factor": "exposure"}
    once, twice = (taut.VAE(**options).fit(table).score_samples(table, draws=20) for table in tables)
    np.testing.assert_allclose(once, twice, rtol=1e-5)


@pytest.mark.slow
def test_sizes_explain_what_varies_with_the_total():
    rows, fresh = counts(600), counts(200, seed=0)[:100]
    options = {**OPTIONS, "max_epochs": 60, "learning_rate": 1e-2, "likelihood": "poisson"}
    given, without = (taut.VAE(**options, size_factor=size).fit(rows).score(fresh) for size in ("total", None))
    assert given > without


@pytest.mark.parametrize("likelihood", quick("zero-inflated-poisson", of=NAMES))
def test_every_family_of_counts_takes_sizes(likelihood, tmp_path):
    rows = counts()
    vae = taut.VAE(**OPTIONS, likelihood=likelihood, size_factor="total").fit(rows)
    assert np.isfinite(vae.score_samples(rows[:5], draws=10)).all()
    drawn = vae.sample(200)
    assert drawn.shape == (200, 6)
    assert np.all(drawn == np.round(drawn))
    vae.save(tmp_path / "run")
    np.testing.assert_array_equal(taut.load(tmp_path / "run").sample(3), vae.sample(3))


def test_samples_take_the_totals_of_training_rows(fitted):
    totals = fitted.sample(500).sum(axis=1)
    assert 0.2 < np.std(np.log1p(totals)) / np.std(np.log1p(counts().sum(axis=1))) < 5


def test_sparse_counts_are_the_same_counts(fitted):
    rows = counts()
    again = taut.VAE(**OPTIONS, likelihood="negative-binomial", size_factor="total").fit(sparse.csr_array(rows))
    scores = [vae.score_samples(rows[:9], draws=9) for vae in (again, fitted)]
    np.testing.assert_allclose(*scores, rtol=1e-5)


def test_auto_takes_a_likelihood_without_an_upper_end():
    rows = np.minimum(counts(), 200).astype(np.uint8)
    assert taut.VAE(**OPTIONS, size_factor="total").fit(rows).likelihood_.name in NAMES


def test_in_a_table_sizes_are_about_its_counts_only():
    rows = counts()
    weight = np.random.default_rng(2).normal(70, 5, len(rows))
    table = {f"n{i}": rows[:, i].astype(float) for i in range(6)} | {"weight": weight}
    table["n0"][3] = np.nan
    kinds = {f"n{i}": "count" for i in range(6)} | {"weight": "real"}
    vae = taut.VAE(**OPTIONS, schema=kinds, size_factor="total").fit(table)
    assert np.isfinite(vae.score_samples(table, draws=10)).all()
    sizes = prepared_rows(vae.fitted_, table).log_offset
    outputs = [vae.model_.outputs(jnp.zeros(1), log_offset=jnp.asarray(size)) for size in (0.0, 1.0)]
    assert sorted(np.asarray(outputs[1] - outputs[0]).round(5).tolist()) == [0.0] + 6 * [1.0]
    # A row whose hole hides a usual share of its total is not a smaller row.
    whole = prepared_rows(vae.fitted_, table | {"n0": rows[:, 0].astype(float)}).log_offset
    assert abs(sizes[3] - whole[3]) < 1.0


def test_rows_stay_small_on_the_device():
    rows, given = counts().astype(np.uint16), np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    given = given[: len(rows)]
    stored = on_device(Datum(rows, covariates=given))
    assert stored.values.dtype == np.uint16
    seen = jax.jit(jax.vmap(lambda row: seen_through(AsFloat(), row, key=jax.random.key(0))))(stored)
    np.testing.assert_array_equal(np.asarray(seen.values), rows.astype(np.float32))
    np.testing.assert_array_equal(np.asarray(seen.covariates), given)


def test_a_ledger_says_that_totals_are_given(fitted):
    notes = fitted.audit(draws=20, bracket=False).notes
    assert any("each row's total" in note for note in notes)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"likelihood": "gaussian"}, "gaussian"),
        ({"size_factor": "depth"}, "depth"),
        ({"binarise": "fixed"}, "binarise"),
    ],
)
def test_impossible_sizes_are_one_sentence(options, wanted):
    with pytest.raises(errors.TautError, match=wanted) as caught:
        taut.VAE(**{**OPTIONS, "size_factor": "total", **options}).fit(counts())
    assert "\n" not in str(caught.value)


def test_a_row_without_counts_is_named(fitted):
    rows = counts()
    rows[7] = 0
    with pytest.raises(errors.DataError, match="row 7"):
        fitted.score_samples(rows)


def test_a_model_without_counts_takes_no_sizes():
    model = taut.models.LatentVariableModel(
        prior=taut.models.standard_normal(1), decoder=lambda z: z, likelihood=taut.likelihoods.Gaussian(1)
    )
    with pytest.raises(errors.OptionError, match="log offset"):
        model.given(Datum(jnp.zeros(1), log_offset=jnp.zeros(())))
