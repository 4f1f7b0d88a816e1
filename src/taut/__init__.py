"""taut: variational autoencoders and variational inference whose numbers add up.

log p(x) = ELBO + KL( q(z|x) ‖ p(z|x) )

Names are imported when first used, so that `import taut` makes no arrays and touches no device.
"""

import warnings
from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from taut import bounds, datasets, guides, likelihoods, models, networks, objectives, tracking
    from taut.auditing import audit
    from taut.errors import TautError
    from taut.estimators import VAE, Run, VAEImputer, VAEOutlierDetector, compare, fit, load
    from taut.fitting import Checkpoints, Plan, fit_guide, fit_prior, refine
    from taut.record import Estimate, Ledger
    from taut.version import __version__ as __version__
    from taut.weights import log_weights

__all__ = [
    "VAE",
    "Checkpoints",
    "Estimate",
    "Ledger",
    "Plan",
    "Run",
    "TautError",
    "VAEImputer",
    "VAEOutlierDetector",
    "audit",
    "bounds",
    "compare",
    "datasets",
    "fit",
    "fit_guide",
    "fit_prior",
    "guides",
    "likelihoods",
    "load",
    "log_weights",
    "models",
    "networks",
    "objectives",
    "refine",
    "tracking",
]

# NumPyro asks for the widgets of a bar that taut never shows.
warnings.filterwarnings("ignore", message="IProgress not found")

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    ["bounds", "datasets", "guides", "likelihoods", "models", "networks", "objectives", "tracking"],
    {
        "auditing": ["audit"],
        "errors": ["TautError"],
        "estimators": ["VAE", "Run", "VAEImputer", "VAEOutlierDetector", "compare", "fit", "load"],
        "fitting": ["Checkpoints", "Plan", "fit_guide", "fit_prior", "refine"],
        "record": ["Estimate", "Ledger"],
        "version": ["__version__"],
        "weights": ["log_weights"],
    },
)
