"""taut: variational autoencoders and variational inference whose numbers add up.

log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )

Names are imported when first used, so that `import taut` makes no arrays and touches no device.
"""

import importlib
from typing import TYPE_CHECKING, Any

from taut.version import __version__ as __version__

if TYPE_CHECKING:
    from taut import bounds, datasets, guides, likelihoods, models, networks, objectives
    from taut.auditing import audit
    from taut.errors import TautError
    from taut.estimators import VAE, VAEImputer, VAEOutlierDetector, load
    from taut.fitting import Plan, fit, refine
    from taut.record import Estimate, Ledger
    from taut.weights import log_weights

__all__ = [
    "VAE",
    "Estimate",
    "Ledger",
    "Plan",
    "TautError",
    "VAEImputer",
    "VAEOutlierDetector",
    "audit",
    "bounds",
    "datasets",
    "fit",
    "guides",
    "likelihoods",
    "load",
    "log_weights",
    "models",
    "networks",
    "objectives",
    "refine",
]

_HOMES = {
    "Estimate": "taut.record",
    "Ledger": "taut.record",
    "Plan": "taut.fitting",
    "TautError": "taut.errors",
    "VAE": "taut.estimators",
    "VAEImputer": "taut.estimators",
    "VAEOutlierDetector": "taut.estimators",
    "audit": "taut.auditing",
    "fit": "taut.fitting",
    "load": "taut.estimators",
    "log_weights": "taut.weights",
    "refine": "taut.fitting",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in __all__:
        return importlib.import_module(f"taut.{name}")
    raise AttributeError(f"module 'taut' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
