"""How well a program is compiled: code that runs for a moment need not be as good as code that runs for minutes."""

import functools
import os
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

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
