"""Types of arguments are checked from a function's first call on: in one process most functions are never called."""

import functools
from collections.abc import Callable
from typing import Any

import beartype


def when_called(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its types checked, made ready when first called: at import it would cost seconds."""

    @functools.cache
    def ready() -> Callable[..., Any]:
        return beartype.beartype(function)

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return ready()(*args, **kwargs)

    return checked
