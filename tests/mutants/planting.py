"""Planting a bug, asking an oracle, and taking the bug out again."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import equinox as eqx
import jax
import pytest

from taut.errors import TautError

Oracle = Callable[[], None]
Site = tuple[Any, str]

# An oracle objects, or taut itself refuses to go on. Anything else is a mistake in the mutant.
NOTICED = (AssertionError, TautError)
# What bugs are built on stays as it is.
BUGS = f"{__package__}.bugs"
# Each compiled program takes memory maps, of which Linux gives a process 65,530: some hundreds an oracle.
CLEARED_AFTER = 20
COUNT = itertools.count(1)
COMPILED = (type(eqx.filter_jit(lambda: None)), type(jax.jit(lambda: None)))


class Mutant(NamedTuple):
    """Where a bug was met, what stands where, and the oracles that must notice it; the first one is asked always."""

    met: str
    bugs: dict[Site, Any]
    killers: tuple[Oracle, ...]


@contextlib.contextmanager
def planted(bugs: dict[Site, Any]) -> Iterator[None]:
    """The bugs in place: in a module under every name that anything of taut or its tests knows the original by.

    All that is compiled is compiled anew, so that no bug hides behind what ran before it was planted.
    """
    places = [(holder, name, bug) for site, bug in bugs.items() for holder, name in _known_as(*site)]
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in _globals():
            if isinstance(value, COMPILED):
                patch.setattr(module, name, _anew(value))
        for holder, name, bug in places:
            patch.setattr(holder, name, bug)
        yield
    if next(COUNT) % CLEARED_AFTER == 0:
        jax.clear_caches()


def is_noticed(bugs: dict[Site, Any], oracle: Oracle) -> bool:
    """Whether the oracle objects while the bugs are planted."""
    with planted(bugs):
        try:
            oracle()
        except NOTICED:
            return True
    return False


def touched(oracle: Oracle, sites: Iterable[Site]) -> set[Site]:
    """Which of these places the oracle comes by, run without any bug."""
    seen: set[Site] = set()

    def watched(site: Site) -> Callable[..., Any]:
        original = getattr(*site)

        def passed_on(*args: Any, **kwargs: Any) -> Any:
            seen.add(site)
            return original(*args, **kwargs)

        return passed_on

    with planted({site: watched(site) for site in sites}):
        oracle()
    return seen


def _known_as(holder: Any, name: str) -> list[Site]:
    if not isinstance(holder, ModuleType):
        return [(holder, name)]
    original = getattr(holder, name)
    elsewhere = [(module, known) for module, known, value in _globals() if value is original]
    return [(holder, name), *elsewhere]


def _globals() -> list[tuple[ModuleType, str, Any]]:
    return [
        (module, name, value)
        for path, module in sorted(sys.modules.items())
        if path.split(".")[0] in {"taut", "tests"} and not path.startswith(BUGS)
        for name, value in vars(module).items()
    ]


def _anew(compiled: Any) -> Any:
    def fresh(*args: Any, **kwargs: Any) -> Any:  # what was compiled before belongs to another function
        return compiled.__wrapped__(*args, **kwargs)

    return (eqx.filter_jit if isinstance(compiled, COMPILED[0]) else jax.jit)(fresh)
