"""scikit-learn manners: words in, a fitted estimator out, and the folder that it is kept in.

Names are imported when first used: what is in a folder can be said without JAX, and rows scored without scikit-learn.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from taut.estimators.comparison import compare
    from taut.estimators.config import ImputerConfig, OutlierConfig, VAEConfig
    from taut.estimators.detector import VAEOutlierDetector
    from taut.estimators.imputer import VAEImputer
    from taut.estimators.loading import load
    from taut.estimators.manifest import check_free, describe
    from taut.estimators.own_fit import Run, fit
    from taut.estimators.own_parts import own_parts_of
    from taut.estimators.progress import audit_bar, fit_bar, schema_lines
    from taut.estimators.runs import read_fitted, read_manifest
    from taut.estimators.training import Fitted
    from taut.estimators.uses import AbstractUses
    from taut.estimators.vae import VAE

__all__ = [
    "VAE",
    "AbstractUses",
    "Fitted",
    "ImputerConfig",
    "OutlierConfig",
    "Run",
    "VAEConfig",
    "VAEImputer",
    "VAEOutlierDetector",
    "audit_bar",
    "check_free",
    "compare",
    "describe",
    "fit",
    "fit_bar",
    "load",
    "own_parts_of",
    "read_fitted",
    "read_manifest",
    "schema_lines",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison": ["compare"],
        "config": ["ImputerConfig", "OutlierConfig", "VAEConfig"],
        "detector": ["VAEOutlierDetector"],
        "imputer": ["VAEImputer"],
        "loading": ["load"],
        "manifest": ["check_free", "describe"],
        "own_fit": ["Run", "fit"],
        "own_parts": ["own_parts_of"],
        "progress": ["audit_bar", "fit_bar", "schema_lines"],
        "runs": ["read_fitted", "read_manifest"],
        "training": ["Fitted"],
        "uses": ["AbstractUses"],
        "vae": ["VAE"],
    },
)
