"""Each command end to end on a tiny run."""

import contextlib
import csv
import json
import os
import re
import subprocess
import sys
import types
from unittest import mock

import numpy as np
import pytest

from taut import __version__
from taut.auditing import Audit
from taut.auditing.walks import Effort
from taut.record import Ledger, Verdict
from tests.auditing.instances import account
from tests.cli.commands import done, refused, run
from tests.cli.conftest import BLOCK, TINY

DRAWS = ("--draws", 20)


def columns(path):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def test_version_and_help():
    assert done("--version").out == f"taut {__version__}\n"
    assert done().out == done("--help").out


@pytest.mark.parametrize(
    "command",
    ["demo", "fit", "audit", "score", "embed", "reconstruct", "sample", "compare", "report", "explain", "info"],
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
    ended = done("fit", shelf / "train.npy", "--out", tmp_path / "new", *BLOCK)
    assert ended.out == "Stopped after the 2 epochs that were asked for; the state of epoch 2 is kept.\n"
    assert "Likelihood: binomial, because it was asked for." in ended.err
    assert "Training on 90 rows of 16 numbers; 10 are held out." in ended.err
    assert f"next: taut audit {tmp_path / 'new'}" in ended.err
    assert (tmp_path / "new" / "model.json").is_file()


def test_fit_gives_one_json_object_and_quiet_says_nothing(shelf, run_folder):
    (run_folder / "ledger.json").write_text("of the run before")
    ended = done("fit", shelf / "train.npy", "--out", run_folder, *BLOCK, "--force", "--json", "--quiet")
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


def test_audit_writes_the_account_of_held_out_rows_into_the_run(run_folder):
    ended = done("audit", run_folder, *DRAWS, "--no-bracket", "--rows", 2)
    ledger = Ledger.from_json(run_folder / "ledger.json")
    assert (ledger.rows, ledger.settings["rows_in_data"], ledger.datum, ledger.latent) == (2, 10, 16, 3)
    table = columns(run_folder / "rows.csv")
    assert list(table) == ["row", "elbo", "importance", "std_error", "khat", "ess"]
    assert table["elbo"].mean() == pytest.approx(ledger.elbo.value, rel=1e-5)
    assert ledger.evidence.upper is None
    assert "<html" in (run_folder / "report.html").read_text("utf-8")
    assert f"Report: {run_folder / 'report.html'}" in ended.out


def test_audit_of_other_rows_elsewhere_with_labels(finished, shelf, tmp_path):
    words = ("--out", tmp_path / "audit", "--labels", shelf / "labels.csv", "--rows", 34, "--no-bracket")
    ended = done("audit", finished, shelf / "unseen.npy", *DRAWS, *words, "--json", "--quiet")
    ledger = Ledger.from_json(ended.out)
    assert ended.err == ""
    assert ledger.evidence.upper is None
    assert ledger == Ledger.from_json(tmp_path / "audit" / "ledger.json")
    assert ledger.rows == 34
    assert set(ledger.figures.latent_map.labels) <= {f"d{digit}" for digit in range(10)}
    assert not (finished / "ledger.json").exists()


@pytest.fixture(scope="module")
def from_both_sides(finished, shelf):
    """The one audit with all its parts, and the folder that it wrote."""
    words = ("--width", 0.2, "--train", shelf / "train.npy", "--out", shelf / "audit")
    return done("audit", finished, shelf / "unseen.npy", *DRAWS, *words), shelf / "audit"


@pytest.mark.slow
def test_audit_holds_log_p_from_both_sides(from_both_sides):
    ended, folder = from_both_sides
    ledger, table = Ledger.from_json(folder / "ledger.json"), columns(folder / "rows.csv")
    lower, upper = ledger.evidence.lower, ledger.evidence.upper
    assert (lower.status, upper.status) == ("certified-lower", "conditional-upper")
    assert ledger.elbo.value < lower.value < upper.value
    assert table["upper"].mean() - table["lower"].mean() == pytest.approx(ledger.evidence.width, abs=1e-4)
    assert ledger.evidence.width < upper.value - lower.value < ledger.evidence.width + 2 * np.log(2 / 0.01) / 40
    assert ledger.evidence.width < 0.3
    assert ledger.annealing.asked == 0.2
    assert (ledger.complete, ledger.gap.generalisation.rows) == (True, 40)
    assert list(table)[4:6] == ["lower", "upper"]
    assert "from above" in ended.out
    assert not (folder / "audit.partial").exists()


@pytest.mark.slow
def test_a_limit_shorter_than_the_first_rows_is_refused(from_both_sides, finished, shelf, tmp_path):
    words = (*DRAWS, "--seconds", 0.000001, "--out", tmp_path / "audit")
    said = refused("audit", finished, shelf / "unseen.npy", *words)
    assert "A time limit wants to cover at least the first 32 rows;" in said
    assert "the limit is 1e-06 s; allow " in said


def test_audit_within_a_limit_speaks_of_the_rows_that_were_finished(finished, shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(Effort, "spent", lambda effort, rows: True)
    words = (*DRAWS, "--no-bracket", "--seconds", 1000, "--out", tmp_path / "audit")
    done("audit", finished, shelf / "unseen.npy", *words)
    ledger = Ledger.from_json(tmp_path / "audit" / "ledger.json")
    assert (ledger.rows, ledger.complete) == (32, False)
    assert "audit-incomplete" in {verdict.code for verdict in ledger.verdicts}


def test_audit_of_rows_that_training_saw_says_so_loudly(finished, shelf, tmp_path):
    words = (*DRAWS, "--no-bracket", "--out", tmp_path / "audit")
    ended = done("audit", finished, shelf / "train.npy", *words)
    ledger = Ledger.from_json(tmp_path / "audit" / "ledger.json")
    assert "WARNING: 90 of these 100 rows were in the training data: every number will flatter the model." in ended.err
    assert "90 of the 100 rows equal rows that training has seen." in ledger.notes
    assert {verdict.code: verdict.severity for verdict in ledger.verdicts}["rows-seen"] == "problem"


def test_ctrl_c_writes_what_is_finished_and_the_same_command_goes_on(finished, shelf, tmp_path, monkeypatch):
    @contextlib.contextmanager
    def interrupting(*, shown):
        def update(stage, finished, _):
            if stage == "rows" and finished == 32:
                raise KeyboardInterrupt

        yield update

    words = ("audit", finished, shelf / "unseen.npy", *DRAWS, "--no-bracket", "--out", tmp_path / "audit")
    with monkeypatch.context() as patch:
        patch.setattr("taut.estimators.audit_bar", interrupting)
        ended = run(*words)
    assert ended.code == 130
    assert "Interrupted after 32 rows; the same command goes on from there." in ended.err
    stopped = Ledger.from_json(tmp_path / "audit" / "ledger.json")
    assert (stopped.rows, stopped.complete) == (32, False)
    kept = columns(tmp_path / "audit" / "rows.csv")
    assert (tmp_path / "audit" / "audit.partial").is_dir()
    done(*words)
    whole = columns(tmp_path / "audit" / "rows.csv")
    done(*words[:-1], tmp_path / "apart")
    for name, values in columns(tmp_path / "apart" / "rows.csv").items():
        np.testing.assert_array_equal(whole[name], values)
        np.testing.assert_array_equal(values[np.isin(whole["row"], kept["row"])], kept[name])
    assert not (tmp_path / "audit" / "audit.partial").exists()


def test_score_writes_one_row_for_each_row(finished, shelf, tmp_path):
    out = tmp_path / "scores.csv"
    facts = json.loads(done("score", finished, shelf / "unseen.npy", "--out", out, *DRAWS, "--json").out)
    table = columns(out)
    assert list(table) == ["log_p", "std_error", "ess", "khat"]
    assert len(table["log_p"]) == facts["rows"] == 40
    assert facts["mean_log_p"] == pytest.approx(table["log_p"].mean(), rel=1e-5)


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def other(shelf):
    """A run like `finished`, from another seed."""
    done("fit", shelf / "train.npy", "--out", shelf / "other", *BLOCK, "--random-state", 1)
    return shelf / "other"


def test_compare_without_brackets_pairs_the_first_run_with_each_other(finished, other, shelf):
    words = (shelf / "unseen.npy", *DRAWS, "--no-bracket")
    facts = json.loads(done("compare", finished, other, finished, *words, "--json").out)
    found, itself = facts["differences"]
    assert (found["run"], found["rows"]) == (str(other), 40)
    assert found["std_error"] > 0
    assert (itself["mean"], itself["wins"]) == (0, 0)
    said = done("compare", finished, other, *words).out
    assert f"{found['mean']:+.3f} ± {found['std_error']:.3f}" in said
    assert "Both sides are lower bounds on log p(x), so that their difference has no direction." in said
    some = json.loads(done("compare", finished, other, *words, "--rows", 10, "--json").out)
    assert some["differences"][0]["rows"] == 10


@pytest.mark.slow
def test_compare_holds_the_difference_from_both_sides(from_both_sides, finished, other, shelf):
    table = columns(from_both_sides[1] / "rows.csv")
    words = ("compare", finished, finished, other, shelf / "unseen.npy", *DRAWS, "--width", 0.2)
    facts = json.loads(done(*words, "--json").out)
    assert set(facts) == {
        "first", "data", "rows", "width", "seconds", "delta", "draws", "seed", "bracket", "checks",
        "rows_seen_in_training", "differences", "doubts", "note",
    }  # fmt: skip
    itself, found = facts["differences"]
    # The same brackets as those that the audit wrote, each way round.
    margin = 2 * np.log(2 / 0.01) / 40
    assert itself["upper"] == pytest.approx(np.mean(table["upper"] - table["lower"]) + margin, abs=1e-4)
    assert itself["lower"] == -itself["upper"]
    assert (itself["decided"], itself["decisive_rows"], itself["rows"]) == (False, 0, 40)
    # The distance of the ends is the width of both brackets and two margins: what remains is the other one's width.
    rest = found["upper"] - found["lower"] - 2 * margin - np.mean(table["upper"] - table["lower"])
    assert 0 < rest < 0.3
    assert found["lower"] < found["mean"] < found["upper"]
    assert facts["note"].startswith("Each interval fails with a probability of at most 0.01, if the starts")
    assert (facts["delta"], facts["rows_seen_in_training"]) == (0.01, {str(finished): 0, str(other): 0})


# What brackets of four rows say, without the minutes of measuring them.


def audited(lower, width, *, numbers=(0, 1, 2, 3), set_aside=(), ended="all rows", verdicts=()):
    lower = np.asarray(lower, np.float64)
    measured = types.SimpleNamespace(
        ended=ended,
        exact=None,
        ends=(lower, None if width is None else lower + width),
        numbers=np.asarray(numbers),
        set_aside=list(set_aside),
    )
    ledger = types.SimpleNamespace(verdicts=list(verdicts))
    return mock.Mock(spec=Audit, measured=measured, ledger=ledger, rows=account(lower))


@pytest.fixture
def compared(finished, other, shelf, monkeypatch):
    """`taut compare` of two runs whose audits are given."""

    def comparing(first, second, *words):
        audits = iter([first, second])
        monkeypatch.setattr("taut.estimators.VAE.audit_by_row", lambda *_, **__: next(audits))
        return run("compare", finished, other, shelf / "unseen.npy", "--rows", 4, *words)

    return comparing


def test_compare_says_who_is_better_and_how_sure_that_is(compared):
    verdicts = [
        Verdict(code=code, severity=severity, text=text, evidence="")
        for code, severity, text in (
            ("bracket-wide", "warning", "log p(x) is known to 0.60 nats."),
            ("mode-missed", "note", "Only a note."),
            ("gap-large", "warning", "About something else."),
        )
    ]
    brackets = audited([-9, -8, -7, -6], 0.1), audited([-19, -18, -17, -16], 0.1, verdicts=verdicts)
    said = compared(*brackets).out
    assert "+10.000 ± 0.000" in said
    assert re.search(r"\+7\.251\s+and\s+\+12\.749", said)  # 10 ± (0.1 + 2 ln(200)/4)
    assert "4 of 4" in said
    assert "second. The first model explains rows like these better: on these 4 the difference lies between" in said
    assert "The bracket of `" in said
    assert "log p(x) is known to 0.60 nats." in said
    assert "Only a note." not in said
    assert "About something else." not in said
    assert "Each interval fails with a probability of at most 0.01, if the starts of the reverse walks" in said


def test_compare_leaves_rows_out_on_both_sides_and_says_whom_that_favours(compared):
    broken = audited([-19, -18], 0.1, numbers=(0, 3), set_aside=(1, 2))
    found = json.loads(compared(audited([-9, -1, -1, -8], 0.1), broken, "--json").out)["differences"][0]
    assert (found["mean"], found["rows"]) == (pytest.approx(10), 2)
    (remark,) = found["remarks"]
    assert remark.startswith(f"`{found['run']}` has no finite value for 2 rows (1, 2): they are left out on both sides")
    assert remark.endswith(", which favours it and leaves no certificate.")


def test_compare_within_a_limit_takes_the_rows_that_both_finished(compared):
    slow = audited([-19, -18], 0.1, numbers=(1, 2), ended="no time left")
    said = compared(audited([-9, -9, -8, -1], 0.1), slow, "--seconds", 1).out
    assert "+10.000 ± 0.000" in said
    assert "` was audited on 2 of the 4 rows, for which there was time." in said


def test_compare_of_an_audit_that_was_interrupted_is_none(compared):
    ended = compared(audited([-9], 0.1, numbers=(0,), ended="interrupted"), None)
    assert ended.code == 130
    assert ended.sentence == "Interrupted; no file was left half-written."


def test_compare_warns_of_rows_that_were_trained_on(finished, other, shelf):
    ended = done("compare", finished, other, shelf / "train.npy", *DRAWS, "--no-bracket", "--rows", 5, "--json")
    assert f"WARNING: `{other}` has trained on 90 of these 100 rows, which favours it over runs" in ended.err
    assert json.loads(ended.out)["rows_seen_in_training"] == {str(finished): 90, str(other): 90}


def test_info_names_what_is_in_the_run(finished):
    facts = json.loads(done("info", finished, "--json").out)
    assert facts["architecture"]["latents"] == 3
    assert re.search(r"architecture, latents +3", done("info", finished).out)


@pytest.mark.slow
def test_demo_goes_the_whole_road_and_replaces_an_earlier_demo(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    for left in ("demo.txt", "model.json"):
        (folder / left).write_text("of an earlier demo")
    ended = done("demo", "--out", folder, "--max-epochs", 1)
    assert f"Report: {folder / 'report.html'}" in ended.out
    assert "Training on 1350 rows of 64 numbers; 150 are held out." in ended.err
    assert len((ended.out + ended.err).splitlines()) <= 24, "more than a screen"
    drawn = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    assert done("report", folder).out == ended.out
    assert (folder / "report.html").read_bytes() == drawn
    ledger = Ledger.from_json(folder / "ledger.json")
    assert ledger.rows == 297
    assert ledger.settings["rows_seen_in_training"] == 0
    assert set(ledger.figures.latent_map.labels) == set("0123456789")
    assert done("info", folder)
