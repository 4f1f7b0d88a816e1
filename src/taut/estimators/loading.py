"""From a run folder back to the estimator that wrote it."""

from pathlib import Path

from taut.errors import RunFolderError
from taut.estimators.base import AbstractVAE
from taut.estimators.detector import VAEOutlierDetector
from taut.estimators.imputer import VAEImputer
from taut.estimators.runs import read_fitted, read_manifest
from taut.estimators.vae import VAE

ESTIMATORS: dict[str, type[AbstractVAE]] = {each.__name__: each for each in (VAE, VAEImputer, VAEOutlierDetector)}


def load(path: str | Path) -> AbstractVAE:
    """The estimator in a run folder, of the class that was saved; nothing in a folder can run.

    Raises RunFolderError where the folder is none, or a file of it is missing or was altered.
    """
    path = Path(path)
    manifest = read_manifest(path)
    if manifest.estimator not in ESTIMATORS:
        known = ", ".join(ESTIMATORS)
        raise RunFolderError(
            f"Wanted an estimator among {known}; `{path}` holds a {manifest.estimator}; load it with a newer version."
        )
    estimator = ESTIMATORS[manifest.estimator](**manifest.options, random_state=manifest.seed)
    estimator.take(read_fitted(path, manifest), manifest.learned)
    return estimator
