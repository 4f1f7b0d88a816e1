"""The parts of a run that have no name: built again by code that a person names, since a run folder holds none."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from taut.errors import OptionError, RunFolderError
from taut.guides import AbstractGuide
from taut.models import AbstractModel
from taut.parts import called, said

Reference = str | Callable[[], Any]


def own_parts_of(path: Path, names: Sequence[str], reference: Reference | None) -> dict[str, Any]:
    """The own parts of the run in `path`, by name, from what `reference` builds.

    A run of own model and guide wants both as a tuple, another one a mapping of its options to their parts. Raises
    RunFolderError where they are wanted and no reference is given, OptionError where it builds something else.
    """
    if not names:
        return {}
    if reference is None:
        raise RunFolderError(
            f"`{path}` was fitted with its own {' and '.join(names)}, of which a run folder holds the numbers and no "
            'code; name a function that builds them: `taut.load(run, parts="module:function")`, or `--parts '
            "module:function`."
        )
    built = _called(reference)
    if "model" in names and isinstance(built, tuple) and len(built) == 2:
        built = {"model": built[0], "guide": built[1]}
    if not isinstance(built, Mapping) or built.keys() != set(names):
        wanted = "a tuple of model and guide" if "model" in names else f"a mapping of {', '.join(names)} to these parts"
        came = (
            f"a mapping of {', '.join(map(str, built))}"
            if isinstance(built, Mapping)
            else f"an object of type {type(built).__name__}"
        )
        raise _refused(f"a function that returns {wanted}; got {came} from it; change it")
    for name, kind in (("model", AbstractModel), ("guide", AbstractGuide)):
        if "model" in names and not isinstance(built[name], kind):
            raise _refused(
                f"a {name} that is a taut.{name}s.{kind.__name__}; got an object of type "
                f"{type(built[name]).__name__}; return one"
            )
    return dict(built)


def _called(reference: Reference) -> Any:
    function = _imported(reference) if isinstance(reference, str) else reference
    if not callable(function):
        raise _refused(f"a function; got an object of type {type(function).__name__}; name one")
    return called("parts", function)


def _imported(reference: str) -> Any:
    """What `module:name` names. Nothing but this imports code for a run, and only because a person wrote it."""
    module, _, name = reference.partition(":")
    if not module or not name or not all(part.isidentifier() for part in module.split(".")):
        raise _refused(f"a module and a function in it, as in my_module:build; got `{reference}`; name both")
    try:
        found = importlib.import_module(module)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            raise _refused(
                f"a module that Python finds; there is no `{module}`; go to its folder, or set PYTHONPATH"
            ) from None
        raise _refused(f"a module that can be imported; `{module}` failed ({said(error)}); mend it") from error
    if not hasattr(found, name):
        raise _refused(f"a function in `{module}`; it has no `{name}`; name one that it has")
    return getattr(found, name)


def _refused(wanted: str) -> OptionError:
    return OptionError(f"`parts` wants {wanted}.", option="parts")
