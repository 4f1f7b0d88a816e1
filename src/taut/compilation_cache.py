"""Compiled programs are kept on disk, so that a second process need not compile them again.

The cache is JAX's own (`jax_compilation_cache_dir`). It is trusted: who may write into its folder can make a process
run code, which is why the folder is made for its owner alone.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import time
import warnings
from pathlib import Path
from typing import Any

import jax
import platformdirs

__all__ = ["keep_compiled_programs"]

VARIABLE = "TAUT_CACHE"
# About a thousand programs; the least recently used ones go first.
MOST_BYTES = 2**29
# An entry without the time of its last use, which is written after it, is being written or was left half-written.
SECONDS_TO_WRITE = 60.0


@functools.cache
def keep_compiled_programs() -> None:
    """Let JAX keep compiled programs in the user's cache folder, or in the one that `TAUT_CACHE` names.

    Nothing is done where `TAUT_CACHE` is `off`, where JAX was given a cache or told to have none, and where the folder
    cannot be written. Called before the first program is compiled, and not at import, which must not change anything.
    """
    wish = os.environ.get(VARIABLE, "")
    if wish.lower() == "off" or _settled():
        return
    folder = (Path(wish).expanduser() if wish else platformdirs.user_cache_path("taut")) / _kind_of_machine()
    if not _usable(folder):
        return
    _drop_half_written(folder)
    # A program that cannot be kept or read is compiled: slower, and nothing that a reader could mend.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    jax.config.update("jax_compilation_cache_max_size", MOST_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_compilation_cache_dir", str(folder))


def _settled() -> bool:
    """Whether JAX was given a cache, or told to have none."""
    config: Any = jax.config
    return bool(config.jax_compilation_cache_dir) or not config.jax_enable_compilation_cache


def _kind_of_machine() -> str:
    """A name for what machine code depends on beside JAX's own key: a home folder may serve machines of many kinds."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.is_file() else []
    features = next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
    digest = hashlib.sha256(f"{platform.system()} {platform.machine()} {features}".encode()).hexdigest()
    return f"programs-{digest[:12]}"


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _drop_half_written(folder: Path) -> None:
    """Remove what a process that was killed has left: JAX would try to read it for ever, and stop writing."""
    for entry in folder.glob("*-cache"):
        used = entry.with_name(entry.name.removesuffix("-cache") + "-atime")
        try:
            if not used.exists() and time.time() - entry.stat().st_mtime > SECONDS_TO_WRITE:
                entry.unlink()
        except OSError:
            continue  # another process was quicker
