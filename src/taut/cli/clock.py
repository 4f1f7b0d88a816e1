"""When the command began: limits on time count from there, since loading the libraries is part of the wait."""

import contextvars
import time

_BEGAN: contextvars.ContextVar[float] = contextvars.ContextVar("began")


def start() -> None:
    """The command begins now."""
    _BEGAN.set(time.monotonic())


def began() -> float:
    """The reading of `time.monotonic` at the start of the command."""
    return _BEGAN.get()
