"""Conditional models: what is given is heard and not explained."""

import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

import taut
from taut import errors

OPTIONS = {"latent_dim": 1, "hidden": (), "random_state": 0, "verbose": False}


def rows_given(n, seed=0):
    """x and y are linear in z, in sex and in age, with noise of their own."""
    rng = np.random.default_rng(seed)
    sex, age, z = rng.choice(["f", "m"], n), rng.normal(40, 10, n), rng.normal(size=n)
    x = 1.0 + 2.0 * (sex == "m") + 0.1 * (age - 40) + z + 0.3 * rng.normal(size=n)
    y = -1.0 - 0.5 * (sex == "m") + 0.02 * (age - 40) + 0.5 * z + 0.3 * rng.normal(size=n)
    return pa.table({"sex": sex, "x": x, "age": age, "y": y})


def truth(table):
    """log N(x; a + Bc, WWᵀ + Ψ)."""
    male, years = np.asarray(table["sex"]) == "m", np.asarray(table["age"]) - 40
    mean = np.stack([1 + 2.0 * male + 0.1 * years, -1 - 0.5 * male + 0.02 * years], axis=1)
    covariance = np.outer([1.0, 0.5], [1.0, 0.5]) + 0.09 * np.eye(2)
    values = np.stack([np.asarray(table["x"]), np.asarray(table["y"])], axis=1)
    return stats.multivariate_normal([0, 0], covariance).logpdf(values - mean)


@pytest.fixture(scope="module")
def fitted():
    vae = taut.VAE(**OPTIONS, condition_on=["sex", "age"], batch_size=200, learning_rate=5e-3, max_epochs=40)
    return vae.fit(rows_given(2000))


def closed_form(vae, table):
    """log p(x|c) of the fitted linear model from its weights."""
    coded = taut.estimators.evaluation.prepared_rows(vae.fitted_, table)
    decoder, (block,) = vae.model_.decoder.layers[0], vae.model_.observation.blocks
    gaussian, log_units = block.coded, float(np.sum(block.log_units))
    spread, centre = np.asarray(gaussian.spread), np.asarray(gaussian.centre)
    weight, given = spread[:, None] * np.asarray(decoder.weight), coded.covariates
    mean = centre + spread * np.asarray(decoder.bias) + given @ weight[:, 1:].T
    covariance = weight[:, :1] @ weight[:, :1].T + np.diag(np.asarray(gaussian.scale()) ** 2)
    return stats.multivariate_normal([0, 0], covariance).logpdf(coded.values - mean) - log_units


def test_a_linear_conditional_model_has_its_closed_form(fitted):
    fresh = rows_given(200, seed=1)
    account = fitted.account(fresh, draws=500)
    exact = closed_form(fitted, fresh)
    z = (account.log_p - exact) / account.log_p_error
    assert np.mean(np.abs(z) < 5) > 0.98
    assert account.log_p.mean() == pytest.approx(exact.mean(), abs=0.01)


@pytest.mark.slow
def test_it_learns_the_conditional_density_and_not_the_marginal(fitted):
    fresh = rows_given(1000, seed=2)
    lost = truth(fresh) - closed_form(fitted, fresh)
    assert lost.mean() < 0.03
    alone = taut.VAE(**OPTIONS, batch_size=200, learning_rate=5e-3, max_epochs=40).fit(rows_given(2000).select([1, 3]))
    assert fitted.score(fresh) - alone.score(fresh.select([1, 3])) > 0.3


def test_a_constant_covariate_changes_nothing():
    table = rows_given(300).select(["x", "y"])
    alone = taut.VAE(**OPTIONS, max_epochs=2).fit(table)
    beside = table.append_column("site", pa.array(["here"] * 300))
    given = taut.VAE(**OPTIONS, max_epochs=2, condition_on="site").fit(beside)
    np.testing.assert_array_equal(given.score_samples(beside, draws=20), alone.score_samples(table, draws=20))


@pytest.mark.slow
def test_latents_reconstructions_and_audits_leave_covariates_out(fitted):
    fresh = rows_given(20, seed=3)
    assert fitted.transform(fresh).shape == (20, 1)
    assert fitted.reconstruct(fresh).shape == (20, 2)
    ledger = fitted.audit(draws=20, bracket=False)
    assert any("`sex`, `age`" in note and "given" in note for note in ledger.notes)
    assert fitted.inverse_transform(np.zeros((2, 1)), given={"sex": ["f", "m"], "age": 40}).shape == (2, 2)
    with pytest.raises(errors.OptionError, match="given"):
        fitted.inverse_transform(np.zeros((2, 1)))


def test_samples_follow_what_is_given(fitted):
    male = fitted.sample(500, given={"sex": "m", "age": 60.0})
    assert male.column_names == ["sex", "x", "age", "y"]
    assert set(male["sex"].to_pylist()) == {"m"}
    assert np.mean(male["x"].to_numpy()) == pytest.approx(5.0, abs=5 * np.sqrt(1.1 / 500) + 0.1)
    free = fitted.sample(500)
    assert set(free["sex"].to_pylist()) == {"f", "m"}
    assert np.mean(free["age"].to_numpy()) == pytest.approx(40, abs=3)
    rows = fitted.sample(2, given=pa.table({"sex": ["f", "m"], "age": [20.0, 60.0]}))
    assert rows["age"].to_pylist() == [20.0, 60.0]


def test_a_run_keeps_what_is_given(fitted, tmp_path):
    fresh = rows_given(10, seed=4)
    fitted.save(tmp_path / "run")
    again = taut.load(tmp_path / "run")
    np.testing.assert_array_equal(again.score_samples(fresh, draws=10), fitted.score_samples(fresh, draws=10))
    assert again.sample(3, seed=1).equals(fitted.sample(3, seed=1))


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({"sex": "x"}, "row 0 .* holds `x`"),
        ({"sex": None}, "column `sex` .* row 0 .* is empty"),
        ({"age": "old"}, "numbers in column `age`"),
    ],
)
def test_a_covariate_that_the_fit_did_not_see_is_one_sentence(fitted, cells, wanted):
    row = {"sex": ["f"], "x": [0.0], "age": [30.0], "y": [0.0]} | {name: [cell] for name, cell in cells.items()}
    with pytest.raises(errors.DataError, match=wanted) as caught:
        fitted.score_samples(row)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_missing_covariate_has_an_indicator_where_the_fit_saw_one():
    table = rows_given(300)
    ages = [None if row % 5 == 0 else age for row, age in enumerate(table["age"].to_pylist())]
    table = table.set_column(2, "age", pa.array(ages, pa.float64()))
    vae = taut.VAE(**OPTIONS, max_epochs=2, condition_on=["age", "sex"]).fit(table)
    assert vae.fitted_.architecture.covariates == 4
    assert np.isfinite(vae.score_samples(table, draws=10)).all()
    assert None in vae.sample(50)["age"].to_pylist()


def test_columns_without_names_go_by_number():
    table = np.stack([np.asarray(rows_given(300)[name]) for name in ("x", "age", "y")], axis=1)
    vae = taut.VAE(**OPTIONS, max_epochs=2, condition_on=[1]).fit(table)
    assert [column.name for column in vae.schema_.modelled] == ["x0", "x2"]
    assert np.isfinite(vae.score_samples(table[:5], draws=10)).all()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"condition_on": ["height"]}, "height"),
        ({"condition_on": ["name"]}, "`name`"),
        ({"condition_on": ["sex", "x", "age", "y", "name"]}, "modelled|`name`"),
        ({"size_factor": "total"}, "counts"),
    ],
)
def test_what_cannot_be_given_is_one_sentence(options, wanted):
    table = rows_given(50).append_column("name", pa.array([f"n{row}" for row in range(50)]))
    with pytest.raises(errors.TautError, match=wanted) as caught:
        taut.VAE(**OPTIONS, max_epochs=1, **options).fit(table)
    assert "\n" not in str(caught.value)


def test_a_model_for_covariates_wants_to_know_them(fitted):
    with pytest.raises(errors.OptionError, match="given"):
        fitted.model_.likelihood(jnp.zeros(1))
