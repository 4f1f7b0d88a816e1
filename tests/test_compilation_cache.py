"""Compiled programs are kept on disk: where, when not, and for the next process."""

import os
import stat
import subprocess
import sys

import jax
import pytest

from taut import compiling

SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_compilation_cache_max_size",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_enable_compilation_cache",
)
keep = compiling.keep_compiled_programs.__wrapped__  # which does it once for a process


@pytest.fixture(autouse=True)
def _fresh_settings():
    """As in a process that has compiled nothing yet; nothing is compiled meanwhile."""
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    jax.config.update("jax_compilation_cache_dir", None)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def test_the_cache_is_the_users_own_and_bounded(tmp_path, monkeypatch):
    monkeypatch.delenv("TAUT_CACHE", raising=False)
    monkeypatch.setattr(compiling.platformdirs, "user_cache_path", lambda name: tmp_path / name)
    keep()
    folder = next((tmp_path / "taut").iterdir())
    assert jax.config.jax_compilation_cache_dir == str(folder)
    assert jax.config.jax_compilation_cache_max_size == compiling.MOST_BYTES
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_is_switched_off_and_moved_by_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("TAUT_CACHE", "off")
    keep()
    assert jax.config.jax_compilation_cache_dir is None
    monkeypatch.setenv("TAUT_CACHE", str(tmp_path / "elsewhere"))
    keep()
    assert jax.config.jax_compilation_cache_dir.startswith(str(tmp_path / "elsewhere"))


def test_what_was_settled_through_jax_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("TAUT_CACHE", str(tmp_path))
    jax.config.update("jax_compilation_cache_dir", "my own")
    keep()
    assert jax.config.jax_compilation_cache_dir == "my own"
    assert jax.config.jax_persistent_cache_min_compile_time_secs == 1.0
    jax.config.update("jax_compilation_cache_dir", None)
    jax.config.update("jax_enable_compilation_cache", False)
    keep()
    assert jax.config.jax_compilation_cache_dir is None


def test_a_place_that_cannot_be_written_costs_nothing_but_the_cache(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TAUT_CACHE", str(tmp_path / "file" / "folder"))
    keep()
    assert jax.config.jax_compilation_cache_dir is None


def test_what_a_killed_process_left_is_dropped(tmp_path, monkeypatch):
    monkeypatch.setenv("TAUT_CACHE", str(tmp_path))
    keep()
    folder = next(tmp_path.iterdir())
    for name in ("whole-cache", "whole-atime", "half-cache", "now-cache"):
        (folder / name).write_bytes(b"12345678")
    for name in ("whole-cache", "half-cache"):
        os.utime(folder / name, (0, 0))
    jax.config.update("jax_compilation_cache_dir", None)
    keep()
    assert {path.name for path in folder.glob("*-*")} == {"whole-cache", "whole-atime", "now-cache"}


COUNTED = """
import jax, numpy as np
happened = []
jax.monitoring.register_event_listener(lambda event, **_: happened.append(event))
from taut import guides, likelihoods, models, networks
from taut.weights import LogWeightsOfRow, map_rows
model = models.LatentVariableModel(
    prior=models.standard_normal(1),
    decoder=networks.Perceptron(1, 2, hidden=(), key=jax.random.key(0)),
    likelihood=likelihoods.StudentT(2),
)
guide = guides.GaussianEncoder(2, 1, hidden=(), key=jax.random.key(1))
map_rows(LogWeightsOfRow(4), model, guide, np.zeros(({rows}, 2)), key=jax.random.key(0))
print(*(happened.count(f"/jax/compilation_cache/cache_{{what}}") for what in ("misses", "hits")))
"""


def test_a_second_process_compiles_nothing_for_another_number_of_rows(tmp_path):
    """Nor under another seed of Python's hashes, by which sets are ordered."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_COMPILATION")}
    counts = []
    for rows, seed in ((20, "1"), (29, "6")):
        code = [sys.executable, "-W", "error", "-c", COUNTED.format(rows=rows)]
        env = kept | {"TAUT_CACHE": str(tmp_path), "PYTHONHASHSEED": seed}
        ran = subprocess.run(code, env=env, capture_output=True, text=True, check=True)
        assert ran.stderr == ""
        counts.append([int(word) for word in ran.stdout.split()])
    (compiled, _), (again, found) = counts
    assert compiled > 0
    assert (again, found > 0) == (0, True)
