"""Ctrl-C: the state is kept, the run loads, and the fit goes on from there."""

import json
import os
import signal
import subprocess
import sys

import pytest

from taut.cli import exit_codes
from tests.cli.commands import run

MAIN = "from taut.cli import main; main()"
WORDS = ["fit", "digits", "--hidden", "8", "--latent-dim", "3", "--max-epochs", "60", "--learning-rate", "0.003"]


def interrupted_after_first_epoch(words):
    """A real process, as on a terminal, and the signal that a terminal sends."""
    environment = os.environ | {"TTY_COMPATIBLE": "1", "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    said = b""
    while b"epoch " not in said and (piece := os.read(process.stderr.fileno(), 4096)):
        said += piece
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=120)
    return process.returncode, out.decode(), (said + rest).decode()


@pytest.mark.slow
def test_ctrl_c_keeps_a_run_that_resume_finishes(tmp_path):
    words = [*WORDS, "--out", str(tmp_path / "new"), "--json"]
    code, out, said = interrupted_after_first_epoch(words)
    assert code == 130, said
    stopped = json.loads(out)
    assert stopped["outcome"] == "interrupted"
    assert 1 <= stopped["epochs"] < 60
    epochs = "1 epoch" if stopped["epochs"] == 1 else f"{stopped['epochs']} epochs"
    assert f"Interrupted after {epochs}; the best state so far is kept." in said
    assert f"to go on: taut fit --resume {tmp_path / 'new'}\n" in said
    assert "Traceback" not in said
    facts = json.loads(run("info", tmp_path / "new", "--json").out)
    assert facts["outcome"]["code"] == "interrupted"
    assert facts["go_on"] == f"taut fit --resume {tmp_path / 'new'}"
    went_on = run("fit", "--resume", tmp_path / "new", "--json")
    assert went_on.code == 0, went_on.err
    finished = json.loads(went_on.out)
    assert (finished["outcome"], finished["epochs"]) == ("budget spent", 60)
    assert finished["held_out_bound"] > stopped["held_out_bound"]


def test_ctrl_c_elsewhere_is_one_line(monkeypatch, finished, shelf):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("taut.cli.rows.fitted_in", interrupt)
    ended = run("score", finished, shelf / "unseen.npy", "--out", shelf / "never.csv")
    assert ended.code == 130
    assert ended.sentence == "Interrupted; no file was left half-written."
    assert not (shelf / "never.csv").exists()


def test_a_closed_pipe_is_no_complaint():
    code = f"import sys; sys.argv[1:] = ['--help']; {MAIN}"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, exit_codes.READER_GONE)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(28, "No space left on device", "out.csv"),
            "the system said about `out.csv`: No space left on device;",
        ),
        (MemoryError(), "Wanted more memory than there is;"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory"), "Wanted more memory than there is;"),
    ],
)
def test_what_the_machine_refuses_is_one_sentence(monkeypatch, finished, error, words):
    def refuse(*_):
        raise error

    monkeypatch.setattr("taut.estimators.describe", refuse)
    ended = run("info", finished)
    assert ended.code == 2
    assert words in ended.sentence


def test_our_own_bugs_keep_their_traceback(monkeypatch, finished):
    monkeypatch.setattr("taut.estimators.describe", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("info", finished)
