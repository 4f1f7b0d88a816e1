"""Names of a package that are imported when first used."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["imported_when_used"]


def imported_when_used(package: str, homes: Mapping[str, str | None]) -> Callable[[str], Any]:
    """A `__getattr__` for this package: each name from the module of its home, or a module itself where that is None.

    >>> imported_when_used("taut", {"Estimate": "taut.record", "models": None})("Estimate").__name__
    'Estimate'
    """

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name]
        if home is None:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(home), name)

    return found
