"""Names of a package that are imported when first used."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["imported_when_used"]


def imported_when_used(
    package: str, homes: Mapping[str, str | None]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for a package: each name from its home, a module itself where that is None.

    >>> found, names = imported_when_used("taut", {"models": None, "Estimate": "taut.record"})
    >>> found("Estimate").__name__, names()
    ('Estimate', ['Estimate', 'models'])
    """

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name]
        if home is None:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(home), name)

    return found, lambda: sorted(homes)
