import dataclasses
import itertools
import json
import shutil

import numpy as np
import pytest

import taut
from taut import errors
from taut.estimators import describe
from taut.estimators.manifest import LATER, LATER_OF_ARCHITECTURE, own_digest
from taut.estimators.runs import read_manifest
from tests.quick import quick


@pytest.fixture
def folder(vae, tmp_path):
    vae.save(tmp_path / "run")
    return tmp_path / "run"


def test_what_is_saved_loads_to_the_bit(vae, digits, folder):
    loaded = taut.load(folder)
    np.testing.assert_array_equal(loaded.transform(digits[1]), vae.transform(digits[1]))
    np.testing.assert_array_equal(loaded.score_samples(digits[1][:5]), vae.score_samples(digits[1][:5]))
    assert loaded.outcome_ == vae.outcome_
    assert loaded.history_ == vae.history_
    assert loaded.likelihood_ == vae.likelihood_
    np.testing.assert_array_equal(loaded.held_out_.values, vae.held_out_.values)
    assert loaded.get_params() == {**vae.get_params(), "hidden": loaded.hidden}
    assert tuple(loaded.hidden) == vae.hidden


def test_a_loaded_estimator_gives_the_same_ledger(vae, folder):
    ours, theirs = vae.audit(draws=20, bracket=False), taut.load(folder).audit(draws=20, bracket=False)
    assert (ours.elbo, ours.evidence, ours.model_digest) == (theirs.elbo, theirs.evidence, theirs.model_digest)


@pytest.mark.parametrize(
    ("likelihood", "covariance"),
    quick(
        ("categorical", "full"),
        of=itertools.product(
            ["categorical", "negative-binomial", "student-t", "gaussian-shared"], ["diagonal", "full"]
        ),
    ),
)
def test_every_architecture_survives_the_folder(likelihood, covariance, digits, tmp_path):
    options = {"likelihood": likelihood, "covariance": covariance, "max_epochs": 1, "hidden": (8,), "random_state": 0}
    vae = taut.VAE(2, **options, verbose=False).fit(digits[0][:200])
    vae.save(tmp_path / "run")
    np.testing.assert_array_equal(taut.load(tmp_path / "run").transform(digits[1]), vae.transform(digits[1]))


def test_an_existing_folder_is_refused_without_force(vae, folder):
    with pytest.raises(errors.RunFolderError, match="--force"):
        vae.save(folder)
    vae.save(folder, force=True)


def test_a_file_in_the_way_is_refused(vae, tmp_path):
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(errors.RunFolderError, match="is a file"):
        vae.save(tmp_path / "run", force=True)


@pytest.mark.parametrize("name", ["weights.safetensors", "history.csv", "seen.npy", "held_out.npz"])
@pytest.mark.parametrize("fault", ["missing", "altered"])
def test_a_damaged_folder_is_refused_with_the_name_of_the_file(name, fault, folder):
    path = folder / name
    if fault == "missing":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
    with pytest.raises(errors.RunFolderError) as caught:
        taut.load(folder)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_altered_manifest_is_refused(folder):
    manifest = json.loads((folder / "model.json").read_text())
    manifest["seed"] = 7
    (folder / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(errors.RunFolderError, match="altered"):
        taut.load(folder)


@pytest.mark.parametrize("text", ["", "{}", "[1, 2", '{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(text, folder):
    (folder / "model.json").write_text(text)
    with pytest.raises(errors.RunFolderError):
        taut.load(folder)


def test_a_run_of_an_earlier_format_is_refused_by_its_format(folder):
    (folder / "model.json").write_text('{"format": 1, "weights": "a digest"}')
    for read in (taut.load, describe):
        with pytest.raises(errors.RunFolderError, match=r"`.*` has format 1; fit again with this version"):
            read(folder)


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(errors.RunFolderError, match=r"model\.json"):
        taut.load(tmp_path)
    with pytest.raises(errors.RunFolderError, match=r"model\.json"):
        taut.load(tmp_path / "nowhere")


def test_nothing_half_written_counts_as_a_run(vae, folder, monkeypatch):
    # model.json goes first and comes last: a save that breaks off leaves a folder that does not load.
    def broken(*_args, **_options):
        raise errors.DataError("no room")

    monkeypatch.setattr("taut.estimators.runs.save_array", broken)
    with pytest.raises(errors.DataError):
        vae.save(folder, force=True)
    with pytest.raises(errors.RunFolderError):
        taut.load(folder)


def test_description_holds_no_arrays(folder):
    json.dumps(describe(folder))


def test_description_of_an_older_run_says_what_is_loaded(folder):
    facts = json.loads((folder / "model.json").read_text())
    for name in LATER:
        del facts[name]
    for name in LATER_OF_ARCHITECTURE:
        del facts["architecture"][name]
    facts["digest"] = own_digest(json.dumps(facts).encode())
    (folder / "model.json").write_text(json.dumps(facts))
    loaded = dataclasses.asdict(read_manifest(folder))
    assert describe(folder) == json.loads(json.dumps(loaded))


def test_a_moved_folder_loads(folder, tmp_path):
    shutil.move(folder, tmp_path / "elsewhere")
    assert taut.load(tmp_path / "elsewhere").n_features_in_ == 64


def test_resuming_goes_on_as_if_nothing_had_happened(digits, tmp_path):
    options = {"hidden": (8,), "max_epochs": 6, "random_state": 0, "verbose": False}
    straight = taut.VAE(2, **options).fit(digits[0])
    taut.VAE(2, **options, time_limit=1e-9).fit(digits[0], checkpoints=tmp_path)
    resumed = taut.VAE(2, **options).fit(digits[0], checkpoints=tmp_path, resume=True)
    np.testing.assert_array_equal(resumed.transform(digits[1]), straight.transform(digits[1]))
    assert [row.train for row in resumed.history_] == [row.train for row in straight.history_]


@pytest.mark.parametrize(("change", "name"), [({"max_epochs": 7}, "max_epochs"), ({"random_state": 1}, "random_state")])
def test_resuming_with_other_options_is_refused(change, name, digits, tmp_path):
    options = {"hidden": (8,), "max_epochs": 2, "random_state": 0, "verbose": False}
    taut.VAE(2, **options).fit(digits[0], checkpoints=tmp_path)
    with pytest.raises(errors.OptionError, match=name):
        taut.VAE(2, **{**options, **change}).fit(digits[0], checkpoints=tmp_path, resume=True)


def test_resuming_with_other_data_is_refused(digits, tmp_path):
    options = {"hidden": (8,), "max_epochs": 2, "random_state": 0, "verbose": False}
    taut.VAE(2, **options).fit(digits[0], checkpoints=tmp_path)
    with pytest.raises(errors.OptionError, match="its rows were others"):
        taut.VAE(2, **options).fit(digits[1], checkpoints=tmp_path, resume=True)
