"""scikit-learn manners: words in, a fitted estimator out, and the folder that it is kept in."""

from taut.estimators.detector import VAEOutlierDetector
from taut.estimators.imputer import VAEImputer
from taut.estimators.loading import load
from taut.estimators.progress import audit_bar, fit_bar, schema_lines
from taut.estimators.runs import check_free, describe
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
