"""Each command end to end on a tiny run."""

import csv
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from taut import __version__
from taut.record import Ledger
from tests.cli.commands import done, run
from tests.cli.conftest import TINY

DRAWS = ("--draws", 20)


def columns(path):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def test_version_and_help():
    assert done("--version").out == f"taut {__version__}\n"
    assert done().out == done("--help").out


@pytest.mark.parametrize(
    "command", ["demo", "fit", "audit", "score", "embed", "reconstruct", "sample", "compare", "info"]
)
def test_every_command_is_listed_and_explains_itself(command):
    assert re.search(rf"^. {command} +\w", done("--help").out, re.MULTILINE)
    assert f"Usage: taut {command}" in done(command, "--help").out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from taut.cli.app import command\n"
        "command().main(['fit', '--help'], prog_name='taut', standalone_mode=False)\n"
        "assert not {'jax', 'numpyro', 'sklearn', 'matplotlib', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_fit_says_what_it_chose_and_what_is_next(shelf, tmp_path):
    ended = done("fit", shelf / "train.npy", "--out", tmp_path / "new", *TINY)
    assert ended.out == "Stopped after the 2 epochs that were asked for; the state of epoch 2 is kept.\n"
    assert "Likelihood: binomial, because the values are counts that pile up at their largest, 16." in ended.err
    assert "Training on 90 rows of 16 numbers; 10 are held out." in ended.err
    assert f"next: taut audit {tmp_path / 'new'}" in ended.err
    assert (tmp_path / "new" / "model.json").is_file()


def test_fit_gives_one_json_object_and_quiet_says_nothing(shelf, run_folder):
    (run_folder / "ledger.json").write_text("of the run before")
    ended = done("fit", shelf / "train.npy", "--out", run_folder, *TINY, "--force", "--json", "--quiet")
    assert ended.err == ""
    facts = json.loads(ended.out)
    assert facts["run"] == str(run_folder)
    assert (facts["outcome"], facts["epochs"], facts["likelihood"]) == ("budget spent", 2, "binomial")
    assert facts["outcome_sentence"].startswith("Stopped after the 2 epochs")
    assert np.isfinite(facts["held_out_bound"])
    assert facts["seconds"] > 0
    assert not (run_folder / "ledger.json").exists(), "an old audit beside a new model"


def test_a_fit_that_diverges_ends_with_3_and_keeps_the_run(shelf, tmp_path):
    rows = np.random.default_rng(0).normal(size=(100, 16)).astype(np.float32)
    np.save(tmp_path / "real.npy", rows)
    words = ("--out", tmp_path / "new", *TINY, "--likelihood", "gaussian", "--learning-rate", "1e30", "--json")
    ended = run("fit", tmp_path / "real.npy", *words)
    assert ended.code == 3
    assert json.loads(ended.out)["outcome"] == "diverged"
    assert "Diverged: the bound or its gradient became non-finite at step " in ended.err
    assert done("info", tmp_path / "new", "--json")


def test_audit_writes_the_account_into_the_run(run_folder):
    ended = done("audit", run_folder, *DRAWS)
    ledger = Ledger.from_json(run_folder / "ledger.json")
    assert (ledger.rows, ledger.datum, ledger.latent) == (10, 16, 3)
    table = columns(run_folder / "rows.csv")
    assert list(table) == ["row", "elbo", "importance", "std_error", "khat", "ess"]
    assert table["elbo"].mean() == pytest.approx(ledger.elbo.value, rel=1e-5)
    assert "<html" in (run_folder / "report.html").read_text("utf-8")
    assert "from below" in ended.out
    assert f"Report: {run_folder / 'report.html'}" in ended.out


def test_audit_of_other_rows_elsewhere_with_labels(finished, shelf, tmp_path):
    words = ("--out", tmp_path / "audit", "--labels", shelf / "labels.csv", "--rows", 34, "--json", "--quiet")
    ended = done("audit", finished, shelf / "unseen.npy", *DRAWS, *words)
    ledger = Ledger.from_json(ended.out)
    assert ended.err == ""
    assert ledger == Ledger.from_json(tmp_path / "audit" / "ledger.json")
    assert ledger.rows == 34
    assert set(ledger.exhibits.latent_map.labels) <= {f"d{digit}" for digit in range(10)}
    assert not (finished / "ledger.json").exists()


def test_score_writes_one_row_for_each_row(finished, shelf, tmp_path):
    out = tmp_path / "scores.csv"
    facts = json.loads(done("score", finished, shelf / "unseen.npy", "--out", out, *DRAWS, "--json").out)
    table = columns(out)
    assert list(table) == ["log_p", "std_error", "ess", "khat"]
    assert len(table["log_p"]) == facts["rows"] == 40
    assert facts["mean_log_p"] == pytest.approx(table["log_p"].mean(), rel=1e-5)


def test_a_run_means_the_same_in_every_process(finished, shelf, tmp_path):
    # numpyro orders the parameters of a distribution by the hashes of their names.
    written = []
    for seed in ("0", "1"):
        words = ["score", finished, shelf / "unseen.npy", "--out", tmp_path / f"{seed}.csv", "--draws", "2", "--quiet"]
        code = "from taut.cli import main; main()"
        subprocess.run([sys.executable, "-c", code, *words], check=True, env=os.environ | {"PYTHONHASHSEED": seed})
        written.append((tmp_path / f"{seed}.csv").read_bytes())
    assert written[0] == written[1]


def test_embed_and_reconstruct_keep_rows_in_order(finished, shelf, tmp_path):
    unseen = np.load(shelf / "unseen.npy")
    np.save(tmp_path / "backwards.npy", unseen[::-1])
    latents = []
    for source in (shelf / "unseen.npy", tmp_path / "backwards.npy"):
        done("embed", finished, source, "--out", tmp_path / "z.npy", "--quiet")
        latents.append(np.load(tmp_path / "z.npy"))
    assert latents[0].shape == (40, 3)
    np.testing.assert_allclose(latents[0], latents[1][::-1], rtol=1e-5)
    done("reconstruct", finished, shelf / "unseen.npy", "--out", tmp_path / "x.csv")
    back = columns(tmp_path / "x.csv")
    assert list(back) == [f"x{number}" for number in range(16)]
    assert (np.concatenate(list(back.values())) >= 0).all()


def test_sample_writes_as_many_rows_as_asked_for(finished, tmp_path):
    for seed, name in ((0, "a.npy"), (0, "b.npy"), (1, "c.npy")):
        done("sample", finished, "-n", 7, "--seed", seed, "--out", tmp_path / name)
    first, same, other = (np.load(tmp_path / name) for name in ("a.npy", "b.npy", "c.npy"))
    assert first.shape == (7, 16)
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_compare_pairs_the_first_run_with_each_other(finished, shelf, tmp_path):
    done("fit", shelf / "train.npy", "--out", tmp_path / "other", *TINY, "--seed", 1)
    places = (finished, tmp_path / "other", finished, shelf / "unseen.npy")
    facts = json.loads(done("compare", *places, *DRAWS, "--json").out)
    other, itself = facts["differences"]
    assert (other["run"], other["rows"]) == (str(tmp_path / "other"), 40)
    assert other["std_error"] > 0
    assert (itself["mean"], itself["wins"]) == (0, 0)
    said = done("compare", finished, tmp_path / "other", shelf / "unseen.npy", *DRAWS).out
    assert f"{other['mean']:+.3f} ± {other['std_error']:.3f}" in said
    assert "Both sides are lower bounds on log p(x), so that their difference has no direction." in said


def test_info_names_what_is_in_the_run(finished):
    facts = json.loads(done("info", finished, "--json").out)
    assert facts["architecture"]["latents"] == 3
    assert re.search(r"architecture, latents +3", done("info", finished).out)


def test_demo_goes_the_whole_road_and_replaces_an_earlier_demo(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    for left in ("demo.txt", "model.json"):
        (folder / left).write_text("of an earlier demo")
    ended = done("demo", "--out", folder, "--epochs", 1)
    assert f"Report: {folder / 'report.html'}" in ended.out
    assert "Training on 1350 rows of 64 numbers; 150 are held out." in ended.err
    ledger = Ledger.from_json(folder / "ledger.json")
    assert ledger.rows == 297
    assert ledger.settings["rows_seen_in_training"] == 0
    assert set(ledger.exhibits.latent_map.labels) == set("0123456789")
    assert done("info", folder)
