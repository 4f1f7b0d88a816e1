"""Processes that work together say what one says; one that dies ends all; any number goes on from what was kept."""

import csv
import json
import time

import numpy as np
import pytest

from tests.cli.commands import run as run_alone
from tests.distributed.jobs import ended, run, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
WORDS = ("--latent-dim", 2, "--hidden", "8", "--batch-size", 64, "--max-epochs", 3)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.npy"
    np.save(path, np.random.default_rng(0).integers(0, 2, (300, 6)).astype(np.uint8))
    return path


@pytest.fixture(scope="module")
def alone(rows, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone") / "run"
    fitted = run_alone("fit", rows, "--out", out, *WORDS)
    assert fitted.code == 0, fitted.err
    return out


def losses(folder):
    with (folder / "history.csv").open() as file:
        return [[float(row["train"]), float(row["held_out"])] for row in csv.DictReader(file)]


@pytest.mark.parametrize(("processes", "more"), [(2, ()), (4, ()), (2, ("--stream",))], ids=["two", "four", "streamed"])
def test_losses_are_those_of_one_process(processes, more, rows, alone, tmp_path):
    first, *others = run(processes, "fit", rows, "--out", tmp_path / "run", *WORDS, *more, "--json")
    assert [each.code for each in (first, *others)] == [0] * processes, first.err
    assert json.loads(first.out)["epochs"] == 3
    assert all(each.out == "" for each in others), "the first process alone speaks"
    np.testing.assert_allclose(losses(tmp_path / "run"), losses(alone), rtol=1e-4 if not more else 1e-3)


@pytest.mark.parametrize(("command", "more"), [("score", ("--draws", 20)), ("embed", ())], ids=["score", "embed"])
def test_files_are_those_of_one_process(command, more, rows, alone, tmp_path):
    single, several = tmp_path / "one.npy", tmp_path / "two.npy"
    assert run_alone(command, alone, rows, "--out", single, *more).code == 0
    codes = [each.code for each in run(2, command, alone, rows, "--out", several, *more)]
    assert codes == [0, 0]
    np.testing.assert_allclose(np.load(several), np.load(single), rtol=1e-4, atol=1e-5)


def test_an_audit_is_that_of_one_process(alone, tmp_path):
    words = "audit", alone, "--rows", 8, "--draws", 20, "--no-checks"
    assert run_alone(*words, "--out", tmp_path / "one").code == 0
    first, other = run(2, *words, "--out", tmp_path / "two")
    assert (first.code, other.code) == (0, 0), first.err + other.err
    one, two = (json.loads((tmp_path / name / "ledger.json").read_text()) for name in ("one", "two"))
    for name in ("lower", "upper"):
        assert two["evidence"][name]["value"] == pytest.approx(one["evidence"][name]["value"], abs=1e-3)


def test_a_killed_worker_ends_the_job_and_another_number_goes_on(rows, tmp_path):
    words = *WORDS[:-1], 6, "--checkpoint-every", "1epochs"
    out, whole = tmp_path / "run", tmp_path / "whole"
    started = start(2, "fit", rows, "--out", out, *words)
    while not any((out / "checkpoints").glob("state-*")):
        assert started[0].poll() is None, ended(started)
        time.sleep(0.05)
    started[1].kill()
    killed = time.monotonic()
    first, _ = ended(started)
    assert time.monotonic() - killed < 60
    assert first.code == 4, first.err
    assert "Process 1 of 2 has died or hangs" in first.err
    assert "Traceback" not in first.err
    assert not (out / "model.json").exists()
    assert [each.code for each in run(4, "fit", "--resume", out)] == [0] * 4
    assert run_alone("fit", rows, "--out", whole, *words).code == 0
    np.testing.assert_allclose(losses(out), losses(whole), rtol=1e-3)


def test_processes_with_other_data_are_refused(rows, tmp_path):
    for number in range(2):
        np.save(tmp_path / f"{number}.npy", np.roll(np.load(rows), number, axis=1))
    first, second = run(2, "fit", tmp_path / "{}.npy", "--out", tmp_path / "run", *WORDS)
    assert "`data` is another here than at process 0" in second.err
    assert (first.code, second.code) == (4, 2), first.err
    assert "Process 1 of 2 has left: Several processes want to fit the same" in first.err
