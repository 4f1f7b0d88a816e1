"""From a run folder back to the estimator that wrote it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from taut.errors import OptionError, RunFolderError
from taut.estimators.detector import VAEOutlierDetector
from taut.estimators.imputer import VAEImputer
from taut.estimators.own_fit import Run
from taut.estimators.runs import read_fitted, read_manifest
from taut.estimators.vae import VAE, AbstractVAE
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


ESTIMATORS: dict[str, type[AbstractVAE]] = {each.__name__: each for each in (VAE, VAEImputer, VAEOutlierDetector)}


def load(path: str | Path, *, parts: Reference | None = None) -> AbstractVAE | Run:
    """The estimator in a run folder, of the class that was saved, or the `Run`; nothing in a folder can run.

    Parts that were fitted as objects or by functions are built again by `parts`: a function without arguments that
    returns a mapping of options to parts (`{"encoder": …}`), of a `Run` model and guide; or the name of one as
    `module:function`, which is imported because it was named here. The arrays in these parts are replaced by those in
    the folder.

    Raises RunFolderError where the folder is none, a file of it is missing or was altered, or its own parts are not
    given; OptionError where other parts are.
    """
    path = Path(path)
    manifest = read_manifest(path)
    own = own_parts_of(path, manifest.own_parts, parts)
    if manifest.estimator == Run.__name__:
        return Run.of(read_fitted(path, manifest, own))
    if manifest.estimator not in ESTIMATORS:
        known = ", ".join(ESTIMATORS)
        raise RunFolderError(
            f"Wanted an estimator among {known}; `{path}` holds a {manifest.estimator}; load it with a newer version."
        )
    estimator = ESTIMATORS[manifest.estimator](**manifest.options | own, random_state=manifest.seed)
    estimator.take(read_fitted(path, manifest, own), manifest.learned)
    return estimator
