"""Work on rows goes on where it was ended, to the same bits, and takes nothing from other work."""

import errno
import os
from pathlib import Path

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import kept_parts
from taut.guides import GaussianEncoder
from taut.kept_parts import KeptParts, keeping
from taut.models import LinearGaussian
from taut.weights import LogWeightsOfRow, map_rows

BLOCK, ROWS = 8, 50


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Each block is kept at once, and not every few seconds."""
    monkeypatch.setattr(kept_parts, "SECONDS", -1.0)


def mapped(folder, **options):
    with keeping(folder):
        return mapped_inside(**options)


def mapped_inside(*, stop=None, rows=None, seed=0, draws=4):
    """Log-weights of all rows, and how many rows were done after each block that was computed."""
    model = LinearGaussian(weight=jnp.ones((3, 1)), offset=jnp.zeros(3), noise=jnp.ones(3))
    guide = GaussianEncoder(3, 1, hidden=(), key=jr.key(1))
    rows = np.random.default_rng(0).normal(size=(ROWS, 3)).astype(np.float32) if rows is None else rows
    seen = []

    def interrupt(done):
        seen.append(done)
        if done == stop:
            raise KeyboardInterrupt

    function = LogWeightsOfRow(draws)
    return map_rows(function, model, guide, rows, key=jr.key(seed), block=BLOCK, on_block=interrupt), seen


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return mapped(tmp_path_factory.mktemp("whole") / "parts")


def interrupted(folder):
    with pytest.raises(KeyboardInterrupt):
        mapped(folder, stop=24)


def test_goes_on_where_it_was_ended_to_the_same_bits(tmp_path, whole):
    interrupted(tmp_path / "parts")
    found, seen = mapped(tmp_path / "parts")
    assert (whole[1], seen) == ([8, 16, 24, 32, 40, 48, 50], [32, 40, 48, 50])
    assert found.tobytes() == whole[0].tobytes()
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("change", [{"seed": 1}, {"draws": 5}, {"rows": np.zeros((ROWS, 3), np.float32)}])
def test_other_work_takes_nothing(change, tmp_path):
    interrupted(tmp_path / "parts")
    assert mapped(tmp_path / "parts", **change)[1][0] == BLOCK


def test_a_damaged_part_and_those_behind_it_are_done_again(tmp_path, whole):
    interrupted(tmp_path / "parts")
    second = sorted((tmp_path / "parts").rglob("part-*"))[1]
    second.write_bytes(second.read_bytes()[:-1] + b"?")
    found, seen = mapped(tmp_path / "parts")
    assert seen == whole[1][1:]
    assert found.tobytes() == whole[0].tobytes()


def test_little_work_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_parts, "SECONDS", 100.0)
    monkeypatch.setattr(KeptParts, "add", lambda *_: pytest.fail("written"))
    mapped(tmp_path / "parts")


def test_what_waits_is_written_where_it_is_interrupted(tmp_path, monkeypatch, whole):
    monkeypatch.setattr(kept_parts, "SECONDS", 100.0)
    interrupted(tmp_path / "parts")
    assert len(list((tmp_path / "parts").rglob("part-*"))) == 1
    assert mapped(tmp_path / "parts")[1] == whole[1][3:]


def test_a_full_disk_does_not_end_the_work(tmp_path, monkeypatch, whole):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.warns(UserWarning, match=r"^What is finished was not kept\. Wanted to write .*No space left on device"):
        found, _ = mapped(tmp_path / "parts")
    assert found.tobytes() == whole[0].tobytes()


def test_calls_that_were_finished_are_kept_with_the_one_that_was_not(tmp_path, monkeypatch, whole):
    """As where rows come a block of them at a time."""
    monkeypatch.setattr(kept_parts, "SECONDS", 100.0)

    def two():
        with keeping(tmp_path / "parts"):
            mapped_inside()
            mapped_inside(stop=24)

    with pytest.raises(KeyboardInterrupt):
        two()
    with keeping(tmp_path / "parts"):
        assert [mapped_inside()[1], mapped_inside()[1]] == [[], whole[1][3:]]


def test_nothing_is_kept_where_nobody_asked(whole):
    assert mapped_inside()[0].tobytes() == whole[0].tobytes()
