"""A fit whose holes depend on what they hide, against data that hid themselves."""

import numpy as np
import pyarrow as pa
import pytest

import taut
from taut import errors
from tests.cli import commands

OPTIONS = {"latent_dim": 1, "hidden": (), "random_state": 0, "verbose": False}


def hiding(n=1500, seed=0):
    """a, b and c are linear in z; a hides itself the more the larger it is: log-odds −0.5 + 2 (a − 5)/2."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    a = 5 + 2 * (0.8 * z + 0.6 * rng.normal(size=n))
    b, c = 0.9 * z + 0.4 * rng.normal(size=n), -z + 0.5 * rng.normal(size=n)
    hidden = rng.random(n) < 1 / (1 + np.exp(0.5 - (a - 5)))
    return pa.table({"a": pa.array(a, mask=hidden), "b": b, "c": c}), a, hidden


@pytest.fixture(scope="module")
def fitted():
    options = {**OPTIONS, "max_epochs": 60, "learning_rate": 5e-3, "batch_size": 200}
    table = hiding()[0]
    return {missing: taut.VAE(**options, missing=missing).fit(table) for missing in ("random", "informative")}


@pytest.mark.slow
def test_what_hides_itself_is_found_where_random_holes_would_mislead(fitted):
    table, a, hidden = hiding()
    filled = {name: np.asarray(vae.impute(table)["a"])[hidden] for name, vae in fitted.items()}
    error = a[hidden].std() / np.sqrt(hidden.sum())
    assert abs(filled["informative"].mean() - a[hidden].mean()) < 0.3
    assert filled["random"].mean() < a[hidden].mean() - 20 * error
    draws = np.mean([np.asarray(one["a"])[hidden].mean() for one in fitted["informative"].impute(table, draws=5)])
    assert abs(draws - a[hidden].mean()) < 0.4


@pytest.mark.slow
def test_the_slope_is_learned_for_columns_with_holes_only(fitted):
    vae = fitted["informative"]
    missingness = vae.model_.missingness
    a, b, c = missingness.slopes()
    spread = float(missingness.blocks[0].spread[0]) * vae.schema_.column("a").unit
    assert a / spread == pytest.approx(1.0, abs=0.4)
    assert np.isnan([b, c]).all()


@pytest.mark.slow
def test_cells_and_holes_are_scored_together(fitted):
    table = hiding(200, seed=1)[0]
    informative, random = (fitted[name].score_samples(table, draws=50) for name in ("informative", "random"))
    assert np.isfinite(informative).all()
    # Whether a cell is there costs about the entropy of a coin.
    assert -1.5 < (informative - random).mean() < -0.2


@pytest.mark.slow
def test_samples_are_whole_unless_holes_are_asked_for(fitted):
    vae = fitted["informative"]
    whole, holed = (vae.sample(1000, holes=holes)["a"] for holes in (False, True))
    assert whole.null_count == 0
    assert np.mean(np.asarray(whole)) == pytest.approx(5.0, abs=0.4)
    share = holed.null_count / 1000
    assert share == pytest.approx(hiding()[2].mean(), abs=0.07)
    assert np.nanmean(np.asarray(holed, float)) < 4.7


@pytest.mark.slow
def test_a_run_and_its_ledger_say_so(fitted, tmp_path):
    vae = fitted["informative"]
    vae.save(tmp_path / "run")
    again, table = taut.load(tmp_path / "run"), hiding(20, seed=2)[0]
    np.testing.assert_array_equal(again.score_samples(table, draws=9), vae.score_samples(table, draws=9))
    notes = " ".join(again.audit(draws=20, bracket=False).notes)
    assert "Holes are informative" in notes
    assert "`a` +" in notes


@pytest.mark.slow
def test_a_comparison_with_random_holes_is_refused(fitted, tmp_path):
    for name, vae in fitted.items():
        vae.save(tmp_path / name)
    taut.data.write(hiding(20, seed=2)[0], tmp_path / "rows.csv")
    said = commands.refused("compare", tmp_path / "random", tmp_path / "informative", tmp_path / "rows.csv")
    assert "informative" in said


@pytest.mark.slow
def test_the_command_line_knows_the_word(tmp_path):
    taut.data.write(hiding(100, seed=2)[0], tmp_path / "rows.csv")
    words = ["--hidden", "none", "--latent-dim", "1", "--max-epochs", "1", "--missing", "informative", "--quiet"]
    commands.done("fit", tmp_path / "rows.csv", "--out", tmp_path / "run", *words)
    assert taut.load(tmp_path / "run").model_.missingness is not None


@pytest.mark.slow
def test_holes_in_counts_and_categories():
    rng = np.random.default_rng(0)
    count, colour = rng.poisson(3, 300), rng.choice(["red", "green", "blue"], 300)
    table = pa.table(
        {
            "count": pa.array(count, mask=rng.random(300) < 0.2),
            "colour": pa.array(colour, mask=(colour == "red") & (rng.random(300) < 0.7)),
        }
    )
    options = {**OPTIONS, "max_epochs": 30, "schema": {"count": "count"}}
    vae = taut.VAE(**options, missing="informative").fit(table)
    assert np.isfinite(vae.score_samples(table, draws=10)).all()
    missingness = vae.model_.missingness
    assert np.asarray(missingness.informative).tolist() == [False, True]
    names = vae.schema_.column("colour").categories
    odds = np.asarray(next(block for block in missingness.blocks if block is not None).level[0])
    assert names[int(np.argmax(odds))] == "red"
    assert any("counts say nothing: count" in note for note in vae.audit(draws=10, bracket=False).notes)


@pytest.mark.parametrize(
    ("options", "data"),
    [({"missing": "sometimes"}, "table"), ({"missing": "informative", "likelihood": "gaussian"}, "block")],
)
def test_other_words_and_blocks_are_refused(options, data):
    rows = hiding(50)[0] if data == "table" else np.random.default_rng(0).normal(size=(50, 3))
    with pytest.raises(errors.OptionError, match="`missing` wants"):
        taut.VAE(**OPTIONS, max_epochs=1, **options).fit(rows)
