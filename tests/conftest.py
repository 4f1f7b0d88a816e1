"""What tests ask for by name; the settings that hold for examples in docstrings and pages too are at the root."""

import zlib
from collections.abc import Iterator

import jax
import pytest

from tests.browser import CHROMIUM, Browser


@pytest.fixture
def float64() -> Iterator[None]:
    """Double precision within one test; arrays must be made inside it."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def key(request: pytest.FixtureRequest) -> jax.Array:
    """A key of the test's own, the same in every run: no two tests, and no two rows of a table, share their draws."""
    return jax.random.key(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One window for all tests of a worker."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with Browser(tmp_path_factory.mktemp("browser")) as window:
        yield window
