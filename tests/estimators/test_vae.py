import jax.random as jr
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline

import taut
from taut import errors
from tests.quick import quick


def test_a_fit_says_which_likelihood_it_chose_and_why(vae):
    assert vae.likelihood_.name == "binomial"
    assert "16" in vae.likelihood_.reason


def test_the_same_seed_gives_the_same_fit_to_the_bit(vae, digits):
    again = clone(vae).fit(digits[0])
    np.testing.assert_array_equal(again.transform(digits[1]), vae.transform(digits[1]))
    assert [row.train for row in again.history_] == [row.train for row in vae.history_]


def test_every_method_works_at_its_defaults(vae, digits):
    rows = digits[1][:20]
    assert vae.transform(rows).shape == (20, 3)
    assert vae.reconstruct(rows).shape == rows.shape
    assert vae.inverse_transform(vae.transform(rows)).shape == rows.shape
    assert vae.score_samples(rows).shape == (20,)
    assert vae.sample().shape == (1, 64)
    assert vae.interpolate(rows[0], rows[1]).shape == (8, 64)
    assert vae.audit(draws=20, bracket=False).rows == len(vae.held_out_)


def test_score_is_the_mean_of_score_samples(vae, digits):
    rows = digits[1][:20]
    assert vae.score(rows) == pytest.approx(vae.score_samples(rows).mean(), rel=1e-6)


def test_scores_do_not_depend_on_the_company_of_a_row(vae, digits):
    rows = digits[1][:50]
    whole = vae.score_samples(rows, draws=100)
    np.testing.assert_allclose(vae.score_samples(rows[:7], draws=100), whole[:7], rtol=1e-5)


def test_samples_are_counts_and_reconstructions_their_means(vae, digits):
    samples = vae.sample(50)
    assert set(np.unique(samples)) <= set(range(17))
    assert 0 <= vae.reconstruct(digits[1]).min() <= vae.reconstruct(digits[1]).max() <= 16


def test_interpolation_ends_at_the_two_reconstructions(vae, digits):
    path = vae.interpolate(digits[1][0], digits[1][1], steps=5)
    np.testing.assert_allclose(path[[0, -1]], vae.reconstruct(digits[1][:2]), rtol=1e-4, atol=1e-4)


def test_it_is_a_transformer_in_a_pipeline(digits):
    step = taut.VAE(latent_dim=2, hidden=(), max_epochs=1, random_state=0, verbose=False)
    assert make_pipeline(step).fit_transform(digits[0]).shape == (1500, 2)


def test_an_unfitted_estimator_says_so(digits):
    with pytest.raises(NotFittedError):
        taut.VAE().transform(digits[1])


def test_divergence_warns_and_keeps_a_finite_state(digits):
    wild = taut.VAE(latent_dim=2, hidden=(16,), learning_rate=1e6, max_epochs=5, random_state=0, verbose=False)
    with pytest.warns(ConvergenceWarning, match="Diverged"):
        wild.fit(digits[0])
    assert wild.outcome_.code == "diverged"
    assert wild.outcome_.step is not None
    assert np.isfinite(wild.transform(digits[1])).all()


def test_dynamic_binarisation_scores_one_fixed_array(digits):
    vae = taut.VAE(latent_dim=3, hidden=(16,), binarise="dynamic", max_epochs=2, random_state=0, verbose=False)
    vae.fit(digits[0][:300])
    assert vae.likelihood_.name == "bernoulli"
    first, second = (vae.audit(digits[1][:40], draws=20, bracket=False) for _ in range(2))
    assert first.data_digest == second.data_digest
    assert first.elbo == second.elbo
    assert set(np.unique(vae.sample(10))) <= {0.0, 1.0}


def test_an_audit_of_training_rows_says_so(vae, digits):
    ledger = vae.audit(digits[0][:100], draws=10, bracket=False)
    assert any("training has seen" in note for note in ledger.notes)
    assert ledger.settings["rows_seen_in_training"] > 50
    assert "rows-seen" in {verdict.code for verdict in ledger.verdicts}


@pytest.mark.slow
def test_real_columns_are_scored_in_their_own_units(key):
    # A column in units c times smaller shifts log p(x) by −log c for each row: scaling is inside the density.
    rows = np.asarray(jr.normal(key, (400, 3))) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]])
    options = {"latent_dim": 1, "hidden": (), "max_epochs": 20, "random_state": 0, "verbose": False}
    small, large = rows, rows * np.array([1.0, 1.0, 1000.0])
    # Of all columns, so that each row goes by a Gaussian of its own, whose weights hardly vary.
    scores = [taut.VAE(**options).fit(x).score_samples(x, of=[0, 1, 2], draws=200) for x in (small, large)]
    np.testing.assert_allclose(scores[1] - scores[0], -np.log(1000.0), atol=2e-2)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"latent_dim": 0}, "latent_dim"),
        ({"hidden": (0,)}, "hidden"),
        ({"covariance": "banded"}, "covariance"),
        ({"objective": "vimcoo"}, "objective"),
        ({"draws": 0}, "draws"),
        ({"likelihood": "cauchy"}, "likelihood"),
        ({"binarise": "maybe"}, "binarise"),
        ({"max_epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"validation_fraction": 1.0}, "fraction"),
    ],
)
def test_an_impossible_option_is_one_sentence(options, wanted, digits):
    with pytest.raises(errors.OptionError) as caught:
        taut.VAE(**{"max_epochs": 1, "random_state": 0, "verbose": False, **options}).fit(digits[0])
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_batch_larger_than_the_data_is_all_of_them(digits):
    options = {"latent_dim": 1, "hidden": (), "max_epochs": 2, "random_state": 0, "verbose": False}
    fits = [taut.VAE(batch_size=size, validation_fraction=0.0, **options).fit(digits[0][:30]) for size in (30, 5000)]
    np.testing.assert_array_equal(*(fit.transform(digits[1]) for fit in fits))


@pytest.mark.parametrize("likelihood", quick("discretised-logistic", of=taut.likelihoods.names()))
def test_every_likelihood_fits_scores_and_samples(likelihood, digits):
    rows = digits[0][:200]
    if likelihood == "bernoulli":
        rows = (rows > 8).astype(np.uint8)
    if likelihood == "continuous-bernoulli":
        rows = rows / 16
    vae = taut.VAE(latent_dim=2, likelihood=likelihood, hidden=(8,), max_epochs=2, random_state=0, verbose=False)
    vae.fit(rows)
    assert np.isfinite(vae.score_samples(rows[:5], draws=10)).all()
    assert vae.sample(3).shape == (3, 64)
    assert np.isfinite(vae.reconstruct(rows[:5])).all()
