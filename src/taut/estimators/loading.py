"""From a run folder back to the estimator that wrote it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from taut.errors import RunFolderError
from taut.estimators.detector import VAEOutlierDetector
from taut.estimators.imputer import VAEImputer
from taut.estimators.manifest import reading_run
from taut.estimators.own_fit import Run
from taut.estimators.own_parts import Reference, own_parts_of
from taut.estimators.runs import read_fitted, read_manifest
from taut.estimators.vae import VAE, AbstractVAE

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
    fitted = read_fitted(path, manifest, own)
    if manifest.estimator == Run.__name__:
        return Run.of(fitted)
    if manifest.estimator not in ESTIMATORS:
        known = ", ".join(ESTIMATORS)
        raise RunFolderError(
            f"Wanted an estimator among {known}; `{path}` holds a {manifest.estimator}; load it with a newer version."
        )
    with reading_run(path):
        kind = ESTIMATORS[manifest.estimator]
        estimator = kind(**manifest.options | own, random_state=manifest.seed)
        estimator.take(
            fitted, {name: msgspec.convert(manifest.learned[name], kind.learned[name]) for name in kind.learned}
        )
    return estimator
