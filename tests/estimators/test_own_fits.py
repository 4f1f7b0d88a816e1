"""A `Run` of one's own model and guide: what it can be asked, and the way through a folder."""

import jax.random as jr
import numpy as np
import pytest

import taut
from taut import errors
from tests.cli.commands import done, run
from tests.estimators import own_parts
from tests.estimators.test_own_parts import MODULE, ROWS
from tests.quick import quick

PLAN = taut.Plan(epochs=1, batch_size=20)
HELD_OUT = ROWS[:8]

RUNS = {}


@pytest.fixture(params=quick("of_a_density", of=["of_a_density", "of_its_own", "latent_variables"]))
def fitted(request):
    """Name and run; each is fitted once."""
    name = request.param
    if name not in RUNS:
        RUNS[name] = taut.fit(*getattr(own_parts, name)(), ROWS, key=jr.key(3), plan=PLAN, held_out=HELD_OUT)
    return name, RUNS[name]


def test_a_run_is_saved_and_loaded_to_the_bit(fitted, tmp_path):
    name, ours = fitted
    ours.save(tmp_path / "run")
    theirs = taut.load(tmp_path / "run", parts=f"{MODULE}:{name}")
    assert isinstance(theirs, taut.Run)
    assert (theirs.history, theirs.outcome) == (ours.history, ours.outcome)
    np.testing.assert_array_equal(theirs.transform(ROWS), ours.transform(ROWS))
    np.testing.assert_array_equal(theirs.score_samples(ROWS, draws=5), ours.score_samples(ROWS, draws=5))
    np.testing.assert_array_equal(theirs.held_out_.values, HELD_OUT)
    with pytest.raises(errors.RunFolderError, match="own model and guide"):
        taut.load(tmp_path / "run")
    other = "of_its_own" if name != "of_its_own" else "of_a_density"
    with pytest.raises(errors.RunFolderError, match=r"holds others \(\[0\]"):
        taut.load(tmp_path / "run", parts=f"{MODULE}:{other}")


def test_what_a_density_alone_cannot_say_is_refused():
    ours = taut.fit(*own_parts.of_a_density(), ROWS, key=jr.key(3), plan=PLAN)
    for question in (lambda: ours.sample(3), lambda: ours.reconstruct(ROWS), lambda: ours.inverse_transform([[0.0]])):
        with pytest.raises(errors.OptionError, match="Wanted a model that can draw data; got a LogJoint"):
            question()
    holes = ROWS.astype(float)
    holes[0, 0] = np.nan
    with pytest.raises(errors.OptionError, match="Missing cells want a `LatentVariableModel`"):
        ours.score_samples(holes)


@pytest.mark.slow
def test_a_run_is_audited(fitted):
    name, ours = fitted
    ledger = ours.audit(draws=20, rows=4, width=10.0)
    assert ledger.rows == 4
    assert np.isfinite(ledger.elbo.value)
    if name != "of_a_density":
        assert ours.sample(3).shape == (3, own_parts.FEATURES)
        assert ours.reconstruct(ROWS).shape == ROWS.shape
        assert ours.inverse_transform(ours.transform(ROWS)).shape == ROWS.shape
    if name == "latent_variables":
        holes = ROWS.astype(float)
        holes[0, 0] = np.nan
        assert np.isfinite(ours.impute(holes)).all()


@pytest.mark.slow
def test_a_run_is_read_by_every_command(tmp_path, monkeypatch):
    taut.fit(*own_parts.latent_variables(), ROWS, key=jr.key(3), plan=PLAN, held_out=HELD_OUT).save(tmp_path / "run")
    np.save(tmp_path / "rows.npy", ROWS)
    monkeypatch.chdir(tmp_path)
    assert "own parts model, guide" in " ".join(run("info", "run").out.split())
    for words in (
        ("score", "run", "rows.npy", "--out", "out.csv", "--draws", 5),
        ("embed", "run", "rows.npy", "--out", "out.csv"),
        ("reconstruct", "run", "rows.npy", "--out", "out.csv"),
        ("impute", "run", "rows.npy", "--out", "out.csv"),
        ("sample", "run", "-n", 3, "--out", "out.csv"),
        ("audit", "run", "--no-bracket", "--draws", 20, "--rows", 5),
        ("compare", "run", "run", "rows.npy", "--no-bracket", "--draws", 20),
    ):
        done(*words, "--parts", f"{MODULE}:latent_variables")
