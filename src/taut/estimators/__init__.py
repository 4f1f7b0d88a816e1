"""scikit-learn manners: words in, a fitted estimator out, and the folder that it is kept in.

Names are imported when first used: what is in a folder can be said without JAX, and rows scored without scikit-learn.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from taut.estimators.config import ImputerConfig, OutlierConfig, VAEConfig
    from taut.estimators.detector import VAEOutlierDetector
    from taut.estimators.imputer import VAEImputer
    from taut.estimators.loading import load
    from taut.estimators.manifest import check_free, describe
    from taut.estimators.progress import audit_bar, fit_bar, schema_lines
    from taut.estimators.vae import VAE

__all__ = [
    "VAE",
    "ImputerConfig",
    "OutlierConfig",
    "VAEConfig",
    "VAEImputer",
    "VAEOutlierDetector",
    "audit_bar",
    "check_free",
    "describe",
    "fit_bar",
    "load",
    "schema_lines",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "config": ["ImputerConfig", "OutlierConfig", "VAEConfig"],
        "detector": ["VAEOutlierDetector"],
        "imputer": ["VAEImputer"],
        "loading": ["load"],
        "manifest": ["check_free", "describe"],
        "progress": ["audit_bar", "fit_bar", "schema_lines"],
        "vae": ["VAE"],
    },
)
