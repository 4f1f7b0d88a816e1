import numpy as np
import pytest
from sklearn.base import clone

import taut
from taut import errors
from taut.estimators import describe
from tests.cli.commands import done, run
from tests.estimators import own_parts

ROWS = np.random.default_rng(0).geometric(0.4, (60, own_parts.FEATURES)) - 1
BRIEF = {"latent_dim": 2, "hidden": (4,), "max_epochs": 1, "random_state": 0, "likelihood": "poisson"}
MODULE = "tests.estimators.own_parts"


@pytest.fixture(scope="module")
def of_objects():
    return taut.VAE(**BRIEF | own_parts.objects()).fit(ROWS)


@pytest.fixture(scope="module")
def of_functions():
    return taut.VAE(**BRIEF | {"draws": 3} | own_parts.functions()).fit(ROWS)


@pytest.fixture(params=["objects", pytest.param("functions", marks=pytest.mark.slow)])
def fitted(request):
    return request.param, request.getfixturevalue(f"of_{request.param}")


def test_own_parts_are_saved_and_loaded_to_the_bit(fitted, tmp_path):
    name, vae = fitted
    vae.save(tmp_path / "run")
    for parts in (f"{MODULE}:{name}", getattr(own_parts, name)):
        loaded = taut.load(tmp_path / "run", parts=parts)
        np.testing.assert_array_equal(loaded.transform(ROWS), vae.transform(ROWS))
        np.testing.assert_array_equal(loaded.score_samples(ROWS, draws=5), vae.score_samples(ROWS, draws=5))


def test_a_run_with_own_parts_says_what_to_type(fitted, tmp_path):
    name, vae = fitted
    vae.save(tmp_path / "run")
    wanted = " and ".join(
        part for part in ("encoder", "decoder", "prior", "guide") if part in getattr(own_parts, name)()
    )
    with pytest.raises(errors.RunFolderError, match=f"own {wanted}.*--parts module:function"):
        taut.load(tmp_path / "run")
    assert describe(tmp_path / "run")["options"]["hidden"] == [4]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ("nowhere_at_all:build", "there is no `nowhere_at_all`"),
        (f"{MODULE}:nothing", "it has no `nothing`"),
        (MODULE, "name both"),
        (f"./{MODULE}.py:objects", "name both"),
        (f"{MODULE}:LATENTS", "wants a function; got an object of type int"),
        (f"{MODULE}:flow", r"`flow` failed \(TypeError: .*missing 5 required"),
        (f"{MODULE}:latent_variables", "a mapping of encoder, prior to these parts; got an object of type tuple"),
        (f"{MODULE}:functions", "returns a mapping of encoder, prior to these parts; got a mapping of decoder"),
        (f"{MODULE}:wrong_encoder", r"none in the file|\.wide\.weight|layers"),
    ],
)
def test_other_parts_are_refused(parts, sentence, of_objects, tmp_path):
    of_objects.save(tmp_path / "run")
    with pytest.raises(errors.TautError, match=sentence):
        taut.load(tmp_path / "run", parts=parts)


@pytest.mark.parametrize("code", ["import nowhere_at_all", "x = (", "raise KeyError('x')"])
def test_a_module_that_cannot_be_imported_is_named(code, of_objects, tmp_path, monkeypatch):
    of_objects.save(tmp_path / "run")
    (tmp_path / "broken_parts.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(errors.OptionError, match=r"`broken_parts` failed \(\w+Error: .*; mend it"):
        taut.load(tmp_path / "run", parts="broken_parts:build")


def test_parts_are_options_like_others():
    parts = own_parts.objects()
    vae = clone(taut.VAE(**BRIEF | parts), safe=True)
    assert vae.get_params()["prior"] is not None
    assert vae.set_params(encoder="linear").encoder == "linear"


@pytest.mark.slow
def test_everything_can_be_asked_of_own_parts(fitted):
    _, vae = fitted
    rows = ROWS.astype(float)
    rows[0, 0] = np.nan
    assert np.isfinite(vae.transform(ROWS)).all()
    assert vae.reconstruct(ROWS).shape == ROWS.shape == vae.sample(len(ROWS)).shape
    assert np.isfinite(vae.impute(rows)).all()
    assert np.isfinite(vae.audit(draws=20, rows=4, width=10.0).evidence.upper.value)


@pytest.fixture(scope="module")
def saved(of_objects, tmp_path_factory):
    """A folder to stand in: rows, a run with own parts, and a module that builds these."""
    folder = tmp_path_factory.mktemp("own")
    of_objects.save(folder / "run")
    np.save(folder / "rows.npy", ROWS)
    (folder / "my_parts.py").write_text(f"from {MODULE} import objects as build\n")
    return folder


def test_the_command_line_finds_parts_in_the_current_folder(saved, of_objects, monkeypatch):
    monkeypatch.chdir(saved)
    assert run("score", "run", "rows.npy", "--out", "none.csv").sentence.endswith("or `--parts module:function`.")
    done("score", "run", "rows.npy", "--out", "scores.csv", "--draws", 5, "--parts", "my_parts:build", "--quiet")
    scores = np.genfromtxt("scores.csv", delimiter=",", names=True)["log_p"]
    np.testing.assert_allclose(scores, of_objects.score_samples(ROWS, draws=5), rtol=1e-5)
    assert "own parts encoder, prior; built by `--parts`" in " ".join(run("info", "run").out.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("embed", "run", "rows.npy", "--out", "out.csv"),
        ("reconstruct", "run", "rows.npy", "--out", "out.csv"),
        ("impute", "run", "rows.npy", "--out", "out.csv"),
        ("sample", "run", "-n", 3, "--out", "out.csv"),
        ("audit", "run", "rows.npy", "--no-bracket", "--draws", 20, "--rows", 5),
        ("compare", "run", "run", "rows.npy", "--no-bracket", "--draws", 20),
    ],
)
def test_every_command_takes_parts(words, saved, monkeypatch):
    monkeypatch.chdir(saved)
    done(*words, "--parts", "my_parts:build")
