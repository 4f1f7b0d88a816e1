"""scikit-learn manners: words in, a fitted estimator out, and the folder that it is kept in.

Names are imported when first used: what is in a folder can be said without JAX, and rows scored without scikit-learn.
"""

from typing import TYPE_CHECKING

from taut.importing import imported_when_used

if TYPE_CHECKING:
    from taut.estimators.detector import VAEOutlierDetector
    from taut.estimators.imputer import VAEImputer
    from taut.estimators.loading import load
    from taut.estimators.manifest import check_free, describe
    from taut.estimators.progress import audit_bar, fit_bar, schema_lines
    from taut.estimators.vae import VAE

__all__ = [
    "VAE",
    "VAEImputer",
    "VAEOutlierDetector",
    "audit_bar",
    "check_free",
    "describe",
    "fit_bar",
    "load",
    "schema_lines",
]

__getattr__, __dir__ = imported_when_used(
    __name__,
    {
        "VAE": "taut.estimators.vae",
        "VAEImputer": "taut.estimators.imputer",
        "VAEOutlierDetector": "taut.estimators.detector",
        "audit_bar": "taut.estimators.progress",
        "check_free": "taut.estimators.manifest",
        "describe": "taut.estimators.manifest",
        "fit_bar": "taut.estimators.progress",
        "load": "taut.estimators.loading",
        "schema_lines": "taut.estimators.progress",
    },
)
