"""Settings for every test, docstring example and page; they stand before JAX and taut are imported."""

import os
from pathlib import Path

# The default only: JAX_PLATFORMS=cuda make test   runs the same suite on a device.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Tests compile more than they compute: unoptimised code in one piece, by the plain emitters, is ready far sooner.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true "
    "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1",
)
# What one file of tests compiled serves the others, other workers and the next run. Small programs are compiled sooner
# than read, and a bounded cache would look at all its entries before each new one.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent / ".pytest_cache" / "programs"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", "-1")

import contextlib
import ctypes
import gc
import re
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import jax
import pytest
from _pytest.doctest import DoctestItem
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

import tests.checked  # noqa: F401  pyproject.toml names it to jaxtyping, which looks no further than `tests`

jax.config.update("jax_numpy_rank_promotion", "raise")  # [n] - [n, 1] is a mistake, not a matrix

# The same examples in every run, so that a red test is red for its author as well; no deadline, because the first
# example of a test compiles.
settings.register_profile("taut", derandomize=True, deadline=None)
settings.load_profile("taut")


PROGRAMS_LAST = 3 * 86_400  # seconds


def pytest_configure(config: pytest.Config) -> None:
    """Compiled programs that have not been written lately go."""
    if not hasattr(config, "workerinput"):
        for entry in Path(os.environ["JAX_COMPILATION_CACHE_DIR"]).glob("*-cache"):
            if time.time() - entry.stat().st_mtime > PROGRAMS_LAST:
                entry.unlink()


# The longest files, begun first: at the end no worker waits for another one's.
FIRST = ("tests/test_programs.py", "README.md", "tests/laws/test_checks.py", "tests/cli/test_commands.py")


TRAINS = re.compile(r"max_epochs=\d+, random_state=|Plan\(")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Blocks of a page share their names: all are slow, or none. Those of the README run every time.

    Examples in docstrings that train are slow, too: what they call has quick tests of its own.
    """
    files = {item: item.path.relative_to(config.rootpath).as_posix() for item in items}
    for item, file in files.items():
        if file.startswith("docs/") or (isinstance(item, DoctestItem) and TRAINS.search(item.dtest.docstring)):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: files[item] not in FIRST)


def pytest_collection_finish() -> None:
    """What was imported stays, and tracing makes few circles: the collector of garbage need not look so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


# In bytes. A worker that has collected the tests holds 0.63 GB, and a whole audit is a third of a GB of programs.
MOST_MEMORY = 1_750_000_000
# Where letting go of programs did not help, it is not tried again at once.
GROWTH = 100_000_000


@pytest.fixture(autouse=True)
def _compiled_programs_go_where_memory_is_short() -> Iterator[None]:
    """What one test compiled serves the next, until it fills the memory."""
    global _kept  # noqa: PLW0603
    yield
    if _memory() > max(MOST_MEMORY, _kept + GROWTH):
        jax.clear_caches()
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        _kept = _memory()


_kept = 0.0


def _memory() -> float:
    """What this process holds, in bytes; where Linux does not say, too much."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.is_file() else float("inf")


@pytest.fixture(scope="module")
def scratch() -> Iterator[str]:
    """An empty working folder: what a page writes to `runs/` does not stay."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield folder


# Blocks marked `python` on a page run in order and share their names; `console` and the rest are only read.
_pages: Any = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    fixtures=["scratch"],
)
pytest_collect_file = _pages.pytest()
