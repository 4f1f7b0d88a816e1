"""Checkpoints: written whole, the newest few kept, damage and a full disk survived, one process at a time."""

import errno
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import jax.random as jr
import pytest

from taut import Checkpoints, Plan, errors, fit
from taut.files import remove_leftovers
from taut.fitting import checkpoints as module
from taut.fitting import position
from taut.locks import LOCK, alone_in
from tests.fitting.instances import small_vae
from tests.fitting.test_loop import ROOT, bits, rows

EPOCHS = 6


def fitted(checkpoints, *, stop=None, resume=False):
    def interrupt(progress):
        if progress.epoch == stop:
            raise KeyboardInterrupt

    plan = Plan(epochs=EPOCHS, batch_size=4, learning_rate=0.05)
    return fit(
        *small_vae(),
        rows(10),
        key=jr.key(9),
        held_out=rows(5, seed=1),
        plan=plan,
        on_epoch=interrupt,
        checkpoints=checkpoints,
        resume=resume,
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return bits(fitted(tmp_path_factory.mktemp("whole")))


def test_the_newest_few_are_kept(tmp_path):
    fitted(Checkpoints(tmp_path, epochs=2, keep=2))
    assert names(tmp_path) == ["fit.json", "state-000004-000000000.safetensors", "state-000006-000000000.safetensors"]


@pytest.mark.parametrize(("seconds", "written"), [(0.0, [1, 2, 3, 4, 5, 6, 6]), (1e6, [6])])
def test_states_are_written_on_the_way(seconds, written, tmp_path, monkeypatch):
    seen = []
    save = module.save_signed
    monkeypatch.setattr(module, "save_signed", lambda path, arrays: seen.append(position(path)) or save(path, arrays))
    fitted(Checkpoints(tmp_path, seconds=seconds))
    assert seen == [(epoch, 0) for epoch in written]


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def emptied(path):
    path.write_bytes(b"")


def one_bit_turned(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 4
    path.write_bytes(content)


def name_altered(path):
    path.write_bytes(path.read_bytes().replace(b"best_epoch", b"bust_epoch"))


@pytest.mark.parametrize("damage", [cut, emptied, one_bit_turned, name_altered])
def test_a_damaged_newest_is_told_and_the_one_before_taken(damage, tmp_path, whole):
    fitted(Checkpoints(tmp_path, seconds=0.0), stop=4)
    damage(tmp_path / "state-000004-000000000.safetensors")
    with pytest.warns(UserWarning, match=r"state-000004.*` is damaged; going on from the state before it, after 3 ep"):
        resumed = fitted(tmp_path, resume=True)
    assert bits(resumed) == whole


def test_all_damaged_is_refused(tmp_path):
    fitted(Checkpoints(tmp_path, seconds=0.0), stop=4)
    for path in tmp_path.glob("state-*"):
        cut(path)
    with pytest.raises(errors.RunFolderError, match=r"^Resuming wants a whole state; all in `.*` are damaged; fit an"):
        fitted(tmp_path, resume=True)


def test_cut_off_before_the_first_state_starts_from_the_start(tmp_path, whole):
    fitted(tmp_path, stop=1)
    for path in tmp_path.glob("state-*"):
        path.unlink()
    assert bits(fitted(tmp_path, resume=True)) == whole


def test_a_fit_anew_takes_nothing_from_the_one_before(tmp_path, whole):
    fitted(tmp_path, stop=4)
    assert bits(fitted(tmp_path)) == whole


def test_a_full_disk_does_not_end_the_fit(tmp_path, monkeypatch, whole):
    """Every state after the second finds the disk full; what was kept before is gone on from."""
    write, count = Path.write_bytes, itertools.count()

    def full(path, content):
        if path.suffix == ".safetensors" and next(count) >= 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.warns(UserWarning, match=r"^The state after \d epochs was not kept\. .*No space left on device"):
        assert bits(fitted(Checkpoints(tmp_path, seconds=0.0))) == whole
    assert names(tmp_path) == ["fit.json", *(f"state-00000{epoch}-000000000.safetensors" for epoch in (1, 2))]
    monkeypatch.undo()
    assert bits(fitted(tmp_path, resume=True)) == whole


KILLED_WRITING = """
import os, signal, sys
from pathlib import Path
from taut import Checkpoints
from tests.fitting.test_checkpoints import fitted
Path.replace = lambda old, new: new.name.startswith("state-000003") and os.kill(os.getpid(), signal.SIGKILL) \
    or os.replace(old, new)
fitted(Checkpoints(Path(sys.argv[1]), seconds=0.0))
"""


def test_killed_between_writing_and_renaming(tmp_path, whole):
    words = [sys.executable, "-c", KILLED_WRITING, str(tmp_path)]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    left = [name for name in names(tmp_path) if name.startswith(".state-000003")]
    assert len(left) == 1
    assert bits(fitted(tmp_path, resume=True)) == whole
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_two_processes_are_not_let_into_one_folder(tmp_path):
    with alone_in(tmp_path):
        sentence = r"^Wanted `.*` for this process alone; another one is at work in it; wait .*, or choose another fol"
        with pytest.raises(errors.RunFolderError, match=sentence):
            fitted(tmp_path)
        assert names(tmp_path) == [LOCK]
    assert names(tmp_path) == []


def test_a_killed_process_holds_nothing(tmp_path):
    code = (
        "import os, signal, sys; from taut.locks import alone_in\nwith alone_in(sys.argv[1]): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "new")], cwd=ROOT, check=False)
    assert names(tmp_path / "new") == [LOCK]
    with alone_in(tmp_path / "new"):
        pass
    assert names(tmp_path / "new") == []


def test_a_folder_that_stays_empty_is_taken_away(tmp_path):
    with alone_in(tmp_path / "new"):
        pass
    assert names(tmp_path) == []


def test_leftovers_are_only_those_of_a_writer(tmp_path):
    for name in (".state-000003-0123456789abcdef.safetensors", ".hidden", "state-0123456789abcdef.npy", ".x-0123.csv"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == [".hidden", ".x-0123.csv", "state-0123456789abcdef.npy"]


@pytest.mark.parametrize("options", [{"seconds": -1.0}, {"epochs": 0}, {"keep": 0}])
def test_a_value_that_makes_no_sense_is_refused(options):
    (name,) = options
    with pytest.raises(errors.OptionError, match=f"^`{name}` of checkpoints wants"):
        Checkpoints(Path("states"), **options)
