"""The suite's own tests as oracles."""

import zlib
from collections.abc import Callable
from typing import Any

import jax
import jax.random as jr

from tests.mutants.planting import Oracle


def of_suite(test: Callable[..., None], *arguments: Any, key: bool = False, double: bool = False) -> Oracle:
    """A test of the suite with its arguments; `key` gives it a key as the fixture does, `double` double precision.

    An argument that can be called is, when the test runs, so that it sees what is planted.
    """

    def asked() -> None:
        with jax.enable_x64(double):
            own = {"key": jr.key(zlib.crc32(test.__name__.encode()))} if key else {}
            test(*(argument() if callable(argument) else argument for argument in arguments), **own)

    said = [argument for argument in arguments if isinstance(argument, str)]
    asked.__name__ = " ".join([test.__name__.removeprefix("test_"), *said])
    asked.__module__ = test.__module__
    return asked
