"""What every message of taut must be: one sentence that names the offender."""

import contextlib
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def refused(kind: type[Exception], *words: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert type(caught.value) is kind
    assert "\n" not in message
    assert message.endswith(".")
    assert ". " not in message, "more than one sentence"
    for word in words:
        assert word in message, message
