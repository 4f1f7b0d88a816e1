"""How programs are compiled: how well, by how long they will run; kept on disk; small operations as one program."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import platformdirs
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

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


__all__ = ["compiled_sooner", "numbers_in", "options_of_sooner"]

# Of XLA on CPUs: compiled in a third to two thirds of the time, and up to 1.4 times as slow.
_OPTIONS = {
    "xla_backend_optimization_level": 1,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}


def compiled_sooner(program: Callable[..., Any]) -> Callable[..., Any]:
    """The same `eqx.filter_jit` program, compiled with less care, for little work; results differ by rounding."""
    options = options_of_sooner()
    return _with(getattr(program, "__wrapped__", program), tuple(options.items())) if options else program


def options_of_sooner() -> dict[str, Any]:
    """The options to the compiler; those that the variable `XLA_FLAGS` names are left to it, and a GPU has its own.

    Empty where this version of XLA does not know one of them.
    """
    named = os.environ.get("XLA_FLAGS", "")
    options = {name: value for name, value in _OPTIONS.items() if name not in named and jax.default_backend() == "cpu"}
    return options if _known(tuple(options.items())) else {}


def numbers_in(tree: Any) -> int:
    """How many numbers its arrays hold: for a perceptron, about the multiplications of one pass.

    >>> import numpy as np
    >>> numbers_in({"weight": np.ones((3, 2)), "name": "a"})
    6
    """
    return sum(leaf.size for leaf in jax.tree.leaves(tree) if eqx.is_array(leaf) or isinstance(leaf, np.ndarray))


@functools.cache
def _known(options: tuple[tuple[str, Any], ...]) -> bool:
    """Whether this version of XLA has all of them: they are no part of what it promises to keep."""
    try:
        jax.jit(lambda x: x, compiler_options=dict(options)).lower(0.0).compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


@functools.cache
def _with(function: Callable[..., Any], options: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    jit: Any = eqx.filter_jit  # its signature does not say that it passes options on to jax.jit
    return jit(function, compiler_options=dict(options))


__all__ = ["in_one_program"]


def in_one_program(function: Callable[..., Any], *args: Any) -> Any:
    """`function(*args)` as one program, of which the arrays that `function` brings along are arguments.

    So the program depends on their shapes alone, and one that is kept on disk serves other numbers.

    >>> import jax.numpy as jnp, numpy as np
    >>> data = np.array([1.0, 2.0])
    >>> in_one_program(lambda factor: {"scaled": factor * jnp.asarray(data), "rows": 2}, jnp.float32(3.0))
    {'rows': 2, 'scaled': Array([3., 6.], dtype=float32)}
    """
    program, arrays, rest = eqx.filter_make_jaxpr(function)(*args)
    given = jax.tree.leaves(eqx.filter(args, eqx.is_array))
    run = jax.jit(
        lambda own, given: jaxpr_as_fun(ClosedJaxpr(program.jaxpr, own))(*given), compiler_options=options_of_sooner()
    )
    leaves = run(program.consts, given)
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(arrays), leaves), rest)
