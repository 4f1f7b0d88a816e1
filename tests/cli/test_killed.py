"""Processes that are killed, at any moment: the fit goes on, and ends with the bytes of one that nobody stopped."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from taut.cli import main
from tests.cli.commands import done, refused

MAIN = "from taut.cli import main; main()"
WORDS = ("fit", "digits", "--hidden", "8", "--latent-dim", "3", "--checkpoint-every", "0.05", "--quiet")
KILLS, EPOCHS = 30, 1000


def started(*words):
    command = [sys.executable, "-c", MAIN, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(there, process):
    """Wait for something that a process brings about."""
    while not there():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def states(folder):
    return sorted((folder / "checkpoints").glob("state-*"))


def curve(folder):
    """The bounds of all epochs; seconds are those of the clock."""
    with (folder / "history.csv").open(newline="") as file:
        return [row[:3] for row in csv.reader(file)]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_thirty_kills_change_no_bit(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    code = f"from tests.cli.test_killed import kill_thirty_times; kill_thirty_times({str(tmp_path)!r})"
    positions = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert len(positions) == KILLS
    assert positions == sorted(positions), "nothing that was written is lost"
    assert len(set(positions)) > KILLS // 3
    for name in ("weights.safetensors", "seen.npy", "held_out.npz"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert curve(killed) == curve(whole)


def kill_thirty_times(folder):
    """One fit that nobody stops, and one that is killed at random moments; the states that the kills left, as JSON."""
    # So that each process below starts with the libraries loaded.
    import taut.estimators
    import taut.fitting.loop  # noqa: F401

    folder, chance = Path(folder), random.Random(0)
    os.waitpid(forked(*WORDS, "--max-epochs", EPOCHS, "--out", folder / "whole"), 0)
    run = folder / "killed"
    process = forked(*WORDS, "--max-epochs", EPOCHS, "--out", run)
    while not states(run):
        time.sleep(0.01)
    positions = []
    for kill in range(KILLS):
        # A third of them while it starts, the others while it trains and writes.
        before, then = states(run)[-1], time.monotonic() + chance.uniform(0.0, 3.0)
        while time.monotonic() < then if kill % 3 == 0 else states(run)[-1] == before:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.2))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        positions.append(states(run)[-1].name)
        process = forked("fit", "--resume", run, "--quiet")
    assert os.waitpid(process, 0)[1] == 0
    print(json.dumps(positions))  # noqa: T201  the test reads it


def forked(*words):
    """The number of a new process that runs a command."""
    number = os.fork()
    if number == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv[1:] = map(str, words)
        try:
            main()
        except SystemExit as ended:
            os._exit(ended.code or 0)
        finally:
            os._exit(70)
    return number


@pytest.mark.slow
def test_terminated_in_the_middle_of_a_long_epoch(tmp_path):
    """As clusters end a job. An epoch of this fit takes many seconds, and one is done."""
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(20_000, 50)).astype(np.float32))
    options = ("--hidden", 400, "--draws", 8, "--batch-size", 100, "--max-epochs", 3, "--checkpoint-every", "1epochs")
    process = started("fit", tmp_path / "rows.npy", "--out", tmp_path / "run", *options)
    until(lambda: states(tmp_path / "run"), process)
    time.sleep(1.0)
    began = time.monotonic()
    process.terminate()
    _, said = process.communicate(timeout=60)
    seconds = time.monotonic() - began
    assert process.returncode == 143, said
    assert seconds < 6.0
    assert "Traceback" not in said
    assert f"taut fit --resume {tmp_path / 'run'}" in said
    facts = json.loads(done("info", tmp_path / "run", "--json").out)
    assert facts["go_on"] == f"taut fit --resume {tmp_path / 'run'}"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_terminated_before_there_is_anything_to_keep(tmp_path):
    process = started("fit", "digits", "--out", tmp_path / "run")
    until((tmp_path / "run" / "checkpoints" / "fit.json").is_file, process)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert time.monotonic() - began < 6.0


def test_a_fit_that_was_cut_off_says_so(tmp_path):
    folder = tmp_path / "run"
    done("fit", "digits", "--hidden", 4, "--latent-dim", 2, "--max-epochs", 2, "--out", folder)
    (folder / "model.json").unlink()
    command = f"taut fit --resume {folder}"
    assert f"To go on: {command}" in done("info", folder).out
    facts = json.loads(done("info", folder, "--json").out)
    assert (facts["outcome"]["code"], facts["epochs"], facts["go_on"]) == ("cut off", 2, command)
    said = refused("score", folder, "digits", "--out", tmp_path / "scores.csv")
    assert (
        said
        == f"A whole run is wanted; `{folder}` has no model.json, since its fit was cut off before; go on with "
        + (f"`{command}`.")
    )
    assert json.loads(done("fit", "--resume", folder, "--json").out)["epochs"] == 2
