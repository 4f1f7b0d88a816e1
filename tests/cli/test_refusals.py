"""Wrong words and wrong data: exit code 2 and one sentence that says what was wanted, what came and what to do."""

import contextlib
import dataclasses
import errno
import functools
import json
import os
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from taut import datasets, likelihoods, load, networks
from taut.data import Schema, Units
from taut.errors import DataError
from taut.estimators.comparability import check_comparable
from taut.estimators.manifest import FORMAT, own_digest
from taut.models import LatentVariableModel
from tests.cli.commands import refused, run
from tests.cli.conftest import TINY


def rows(**changes):
    values = np.random.default_rng(0).normal(size=(30, 5))
    for value in changes.values():
        values[3, 1] = value
    return values


def written(path: Path, values) -> Path:
    np.save(path, values, allow_pickle=values.dtype == object)
    return path


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fot"], "No such command 'fot', Did you mean 'fit'; see `taut --help`."),
        (["fit"], "Missing argument 'DATA'; see `taut fit --help`."),
        (["fit", "digits", "--out", "r", "--latnt", "3"], "No such option: --latnt"),
        (
            ["fit", "digits", "--out", "r", "--latent-dim", "eight"],
            "`--latent-dim` wants a whole number of at least 1; got `eight`;",
        ),
        (["sample", "r", "--out", "x.csv"], "Missing option '-n'"),
        (
            ["fit", "digits", "--out", "r", "--hidden", "20,x"],
            "`--hidden` wants widths of at least 1, whole numbers with commas such as 200,200; got `20,x`;",
        ),
        (
            ["fit", "digits", "--out", "r", "--latent-dim", "0"],
            "`--latent-dim` wants a whole number of at least 1; got 0;",
        ),
        (["fit", "digits", "--out", "r", "--hidden", "0"], "`--hidden` wants widths of at least 1"),
        (
            ["fit", "digits", "--out", "r", "--max-epochs", "0"],
            "`--max-epochs` wants a whole number of epochs, at least 1; got 0;",
        ),
        (
            ["fit", "digits", "--out", "r", "--learning-rate", "-1"],
            "`--learning-rate` wants a finite number above 0; got -1.0;",
        ),
        (["fit", "digits", "--out", "r", "--objective", "elb"], "`--objective` wants one of elbo, "),
        (["fit", "digits", "--out", "r", "--encoder", "perceptron:0"], "`--encoder` wants widths of hidden layers"),
        (["fit", "penguins", "--out", "r", "--encoder", "convolutional"], "`--encoder` wants images"),
        (["fit", "digits", "--out", "r", "--likelihood", "gausian"], "got `gausian`; choose one of these."),
        (["fit", "digits", "--out", "r", "--covariance", "round"], "`--covariance` wants diagonal or full"),
        (["fit", "digits", "--out", "r", "--binarise", "often"], "`--binarise` wants none, dynamic or fixed"),
        (
            ["fit", "digits", "--out", "r", "--validation-fraction", "1"],
            "`--validation-fraction` wants a share from 0 to below 1; got 1.0;",
        ),
        (["fit", "digits", "--out", "r", "--resume"], "Resuming wants `r/checkpoints/fit.json`; it is missing"),
        (["fit", "--resume", "r"], "Resuming wants `r/checkpoints/fit.json`; it is missing"),
        (["fit", "digits"], "A fit wants a run folder to write; got none; name one with `--out RUN`."),
        (["fit", "digits", "--out", "r", "--checkpoint-every", "5min"], "`--checkpoint-every` wants seconds, or a num"),
        (["compare", "r", "digits"], "A comparison wants two or more run folders and then DATA; got 2 of them;"),
        (["audit", "r"], "A run folder with a model.json is wanted; `r` has none;"),
        (["improve", "r", "digits"], "A run folder with a model.json is wanted; `r` has none;"),
        (["improve", "r", "--seconds", "soon"], "unable to parse string as a number"),
        (["improve", "r", "--out", "r"], "`--out` wants another folder than RUN;"),
        (["info", "r"], "A run folder with a model.json is wanted; `r` has none;"),
        (["score", "r", "digits", "--out", "s.xls"], "got `s.xls`; choose one of these."),
    ],
)
def test_wrong_words(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in refused(*words)
    assert list(tmp_path.iterdir()) == []


# ── data to fit ──────────────────────────────────────────────────────────────────────────────────────────────────────

ARRAYS = {
    "empty": (np.zeros((0, 5)), "0 sample(s)"),
    "infinity": (rows(hole=-np.inf), "holds infinity in row 3, column 1"),
    "objects": (np.array([[1, "a"]], dtype=object), "object"),
    "text": (np.array([["1", "a"]]), "holds text"),
    "constant": (np.full((30, 5), 7.0), "`constant.npy` has none (`x0` is constant, "),
    "one-row": (np.arange(5.0)[None], "`one-row.npy` has 1 sample"),
    "four-axes": (np.zeros((2, 2, 2, 2)), "came with shape (2, 2, 2, 2)"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_cannot_be_used(name, tmp_path):
    values, said = ARRAYS[name]
    assert said in refused("fit", written(tmp_path / f"{name}.npy", values), "--out", tmp_path / "r", *TINY)
    assert not (tmp_path / "r").exists()


def test_sources_that_cannot_be_read(tmp_path):
    def said(source):
        return refused("fit", source, "--out", tmp_path / "r", *TINY)

    assert "there is no `nowhere.npy`" in said("nowhere.npy")
    assert "there is no `digts`" in said("digts")
    np.savez(tmp_path / "a.npz", first=rows(), second=rows())
    assert "`third`" in said(f"{tmp_path / 'a.npz'}:third")
    (tmp_path / "odd.doc").write_text("1 2")
    assert "whose ending is none of these" in said(tmp_path / "odd.doc")


@pytest.mark.parametrize(("name", "spoil"), [("sizes", "other size"), ("corrupt", "no image")])
def test_images_that_cannot_be_used(name, spoil, tmp_path):
    pictures = tmp_path / name
    pictures.mkdir()
    Image.new("L", (4, 4), 200).save(pictures / "a.png")
    Image.new("L", (4, 5), 100).save(pictures / "b.png")
    if spoil == "no image":
        (pictures / "b.png").write_bytes(b"not a picture")
    assert "b.png" in refused("fit", pictures, "--out", tmp_path / "r", *TINY)


def test_values_outside_what_was_chosen(tmp_path):
    source = written(tmp_path / "counts.npy", np.arange(-5, 145).reshape(30, 5))
    sentence = refused("fit", source, "--out", tmp_path / "r", *TINY, "--likelihood", "poisson")
    assert "Counts are wanted; got the negative value -5;" in sentence


def test_a_batch_of_nothing(shelf, tmp_path):
    words = ("--out", tmp_path / "r", *TINY, "--batch-size", 0)
    assert "batch" in refused("fit", shelf / "train.npy", *words)


def test_labels_that_do_not_fit(shelf, tmp_path):
    words = ("--out", tmp_path / "r", *TINY, "--labels")
    assert "one label for each of 100 rows" in refused("fit", shelf / "train.npy", *words, shelf / "labels.csv")
    assert "labels in one column" in refused("fit", shelf / "train.npy", *words, shelf / "unseen.npy")


# ── data for a run, and runs ─────────────────────────────────────────────────────────────────────────────────────────


def test_data_that_do_not_fit_the_run(finished, shelf, tmp_path):
    unseen = np.load(shelf / "unseen.npy")
    narrow = written(tmp_path / "narrow.npy", unseen[:, :9])
    assert "has 9 features, but VAE is expecting 16 features" in refused("audit", finished, narrow)
    beyond = written(tmp_path / "beyond.npy", np.where(np.arange(16) == 2, 17, unseen).astype(np.uint8))
    assert "Values up to 16 are wanted" in refused("audit", finished, beyond)
    assert "has 9 features, but VAE is expecting 16 features" in refused("compare", finished, finished, narrow)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors", "held_out.npz"])
def test_a_run_that_was_altered_or_lost_a_file(name, run_folder):
    stored = (run_folder / name).read_bytes()
    (run_folder / name).write_bytes(stored.replace(b"0", b"1", 1) if name == "model.json" else stored[:-1])
    assert name in refused("info", run_folder)
    (run_folder / name).unlink()
    assert name in refused("audit", run_folder)


NO_COLUMNS = {"schema": {"columns": []}}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "'architecture'"),
        ({"architecture": {}}, "'schema'"),
        ({"architecture": {"schema": 5}}, "got `int`"),
        ({"architecture": NO_COLUMNS, "options": functools.reduce(lambda a, _: {"a": a}, range(600), {})}, "recursion"),
        ("[" * 200_000, "recursion"),
    ],
    ids=["no-architecture", "no-schema", "other-schema", "nested", "too-nested-to-read"],
)
def test_a_run_whose_digest_is_right_and_whose_facts_are_not(facts, said, tmp_path):
    if isinstance(facts, dict):
        facts = json.dumps({"format": FORMAT, "digests": {}, "notes": []} | facts)
        facts = json.dumps(json.loads(facts) | {"digest": own_digest(facts.encode())})
    (tmp_path / "model.json").write_text(facts)
    (tmp_path / "weights.safetensors").write_bytes(bytes(100))
    sentence = refused("info", tmp_path)
    assert "does not read as a run (" in sentence
    assert said in sentence


AUDIT_WORDS = [
    (("--draws", 1), "at least 2 draws"),
    (("--delta", 2), "`--delta` wants a probability between 0 and 1; got 2.0;"),
    (("--delta", 0), "`--delta` wants a probability between 0 and 1; got 0.0;"),
    (("--width", -1), "`--width` wants a finite number of nats above 0; got -1.0;"),
    (("--width", "nan"), "`--width` wants a finite number of nats above 0; got nan;"),
    (("--width", "narrow"), "`--width` wants a finite number of nats above 0; got `narrow`;"),
    (("--seconds", 0), "`--seconds` wants a finite number of seconds above 0; got 0.0;"),
    (("--seconds", "inf"), "`--seconds` wants a finite number of seconds above 0; got inf;"),
]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        *AUDIT_WORDS,
        (("--rows", 41), "An audit wants from one row to all 40; got 41; ask for as many as there are."),
        (("--rows", 0), "`--rows` wants a whole number of rows, at least 1; got 0;"),
        (("--allow-seen",), "No such option: --allow-seen"),
        (("--train", "nowhere.npy"), "there is no `nowhere.npy`"),
    ],
)
def test_audits_that_make_no_sense(words, said, finished, shelf, tmp_path):
    assert said in refused("audit", finished, shelf / "unseen.npy", *words, "--out", tmp_path / "audit")
    assert not (tmp_path / "audit").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        *AUDIT_WORDS,
        (("--rows", 41), "A comparison wants from 2 rows to all 40; got 41; ask for as many as there are."),
        (("--rows", 1), "A comparison wants from 2 rows to all 40; got 1;"),
        (("--no-bracket", "--width", 0.1), "`width` and `seconds` are wanted for brackets only;"),
    ],
)
def test_comparisons_that_make_no_sense(words, said, finished, shelf):
    assert said in refused("compare", finished, finished, shelf / "unseen.npy", *words)


@pytest.mark.slow
def test_a_comparison_of_unlike_things(finished, shelf, tmp_path):
    fit = ("fit", shelf / "train.npy", *TINY)
    assert run(*fit, "--out", tmp_path / "real", "--likelihood", "gaussian").code == 0
    assert run(*fit, "--out", tmp_path / "drawn", "--binarise", "fixed").code == 0
    assert run(*fit, "--out", tmp_path / "counts", "--likelihood", "poisson").code == 0
    others = {
        "real": "wants probabilities or densities on both sides",
        "drawn": "binarise `unseen.npy` unalike",
        "counts": "covers the whole numbers from 0 to 16 and poisson in",
    }
    for name, said in others.items():
        assert said in refused("compare", finished, tmp_path / name, shelf / "unseen.npy", "--draws", 20)


def model_with(fitted, likelihood):
    return LatentVariableModel(prior=fitted.model.prior(), decoder=fitted.model.decoder, likelihood=likelihood)


def guide_with(fitted, spread):
    inputs = networks.Standardise(jnp.zeros(16), jnp.asarray(spread, float))
    return eqx.tree_at(lambda guide: guide.inputs, fitted.guide, inputs)


def block_with(fitted, **changes):
    """The architecture with the block that the fit saw changed so."""
    column = fitted.schema.one_block
    schema = Schema(columns=(dataclasses.replace(column, block=dataclasses.replace(column.block, **changes)),))
    return dataclasses.replace(fitted.architecture, schema=schema)


def of_family(fitted, name, likelihood, end=None):
    """What a fit to another family would have in place of its own, `end` the largest value that it saw."""
    ends = {} if end is None else {"ends": (0.0, float(end))}
    return {
        "model": model_with(fitted, likelihood),
        "likelihood": likelihoods.Choice(name, "it was asked for"),
        "architecture": block_with(fitted, **ends),
    }


UNLIKE = {
    "features": (
        lambda mine: {"architecture": block_with(mine, width=9, names=None)},
        "models of the same columns; `a` was fitted to 16 of them and `b` to 9; fit both to one table.",
    ),
    "columns": (
        lambda mine: {"architecture": block_with(mine, names=[f"y{n}" for n in range(16)])},
        "models of the same columns; where `a` has `x0`, `b` has `y0`; fit both to one table.",
    ),
    "total": (
        lambda mine: of_family(mine, "binomial", likelihoods.Binomial(16, total=20), end=20),
        "covers the whole numbers from 0 to 16 and binomial in `b` the whole numbers from 0 to 20;",
    ),
    "classes": (
        lambda mine: of_family(mine, "categorical", likelihoods.Categorical(16, classes=3), end=2),
        "in `b` the whole numbers from 0 to 2;",
    ),
    "levels": (
        lambda mine: of_family(mine, "discretised-logistic", likelihoods.DiscretisedLogistic(16), end=255),
        "in `b` the whole numbers from 0 to 255;",
    ),
    "zeros and ones": (
        lambda mine: of_family(mine, "bernoulli", likelihoods.Bernoulli(16)),
        "in `b` the whole numbers from 0 to 1;",
    ),
    "no end": (
        lambda mine: of_family(mine, "negative-binomial", likelihoods.NegativeBinomial(16)),
        "in `b` the whole numbers from 0 on;",
    ),
}


@pytest.fixture(scope="module")
def fitted(finished):
    found = load(finished).fitted_
    return dataclasses.replace(found, architecture=block_with(found, names=[f"x{n}" for n in range(16)]))


@pytest.mark.parametrize("name", UNLIKE)
def test_fits_that_cannot_be_compared(name, fitted, shelf):
    changed, said = UNLIKE[name]
    table = datasets.load(str(shelf / "unseen.npy"))
    with pytest.raises(DataError) as refused:
        check_comparable({"a": fitted, "b": dataclasses.replace(fitted, **changed(fitted))}, table)
    assert said in str(refused.value)
    assert str(refused.value).startswith("A comparison wants ")
    assert ". " not in str(refused.value)


@pytest.mark.parametrize(("spread", "alike"), [(1.0, True), (5.0, True), (0.2, True), (1000.0, False), (0.01, False)])
@pytest.mark.parametrize("family", ["gaussian", "student-t"])
def test_real_columns_in_other_units_cannot_be_compared(spread, alike, family, fitted, shelf):
    table = datasets.load(str(shelf / "unseen.npy"))
    likelihood = {"gaussian": likelihoods.Gaussian, "student-t": likelihoods.StudentT}[family](16)
    units = block_with(fitted, units=Units(offsets=(0.0,) * 16, units=(1.0,) * 16))
    parts = of_family(fitted, family, likelihood) | {"architecture": units, "guide": guide_with(fitted, [1.0] * 16)}
    metres = dataclasses.replace(fitted, **parts)
    spreads = np.where(np.arange(16) == 3, spread, 1.0)
    other = dataclasses.replace(metres, guide=guide_with(fitted, spreads), data_digest="of other data")
    # Of the same data, one split may have an outlier that the other has not.
    check_comparable({"a": metres, "b": dataclasses.replace(other, data_digest=metres.data_digest)}, table)
    said = f"same units; column `x3` varied {1 / spread:.3g} times as much where `a` was"
    with contextlib.nullcontext() if alike else pytest.raises(DataError, match=said):
        check_comparable({"a": metres, "b": other}, table)


def test_shares_and_reals_cover_different_values(fitted, shelf):
    table = datasets.load(str(shelf / "unseen.npy"))
    real = dataclasses.replace(fitted, **of_family(fitted, "gaussian", likelihoods.Gaussian(16)))
    share = dataclasses.replace(
        fitted, **of_family(fitted, "continuous-bernoulli", likelihoods.ContinuousBernoulli(16))
    )
    with pytest.raises(DataError, match=r"covers all numbers and .* the numbers from 0 to 1;"):
        check_comparable({"a": real, "b": share}, table)


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_places_in_the_way(finished, shelf, tmp_path):
    (tmp_path / "file").write_text("")
    fit = ("fit", shelf / "train.npy", *TINY, "--out")
    assert "holds files already; choose another or add `--force`." in refused(*fit, finished)
    assert "is a file; choose another name." in refused(*fit, tmp_path / "file")
    assert "Not a directory" in refused(*fit, tmp_path / "file" / "run")
    assert "Not a directory" in refused("audit", finished, "--out", tmp_path / "file" / "audit")
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder;" in refused("embed", finished, shelf / "unseen.npy", "--out", tmp_path / "folder.csv")
    assert "holds files already" in refused("demo", "--out", finished)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anyway")
def test_a_folder_that_may_not_be_written(finished, shelf, tmp_path):
    tmp_path.chmod(0o500)
    assert "Permission denied" in refused("fit", shelf / "train.npy", *TINY, "--out", tmp_path / "r")


def test_a_full_disk_leaves_nothing_behind(finished, shelf, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    words = ("embed", finished, shelf / "unseen.npy", "--out", tmp_path / "z.csv")
    assert "the system said: No space left on device;" in refused(*words)
    assert list(tmp_path.iterdir()) == []
