"""Motion: one loop for all training, a state that goes in and out of it, an outcome that says how it ended.

Names are imported when first used: what lies beside the states of a fit can be said without JAX.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from taut.fitting.checkpoints import Checkpoints, CheckpointsLike
    from taut.fitting.epoch import AsFloat, DynamicBinarisation, View
    from taut.fitting.fits import fit
    from taut.fitting.guide_fits import fit_guide, refine
    from taut.fitting.kept_facts import facts_in, position, states_in
    from taut.fitting.loop import FitResult, Progress
    from taut.fitting.plan import Outcome, Plan
    from taut.fitting.posterior import modes_from, prior_precision, refined_gaussian
    from taut.fitting.prior import fit_prior
    from taut.fitting.refined import in_use
    from taut.fitting.segments import AbstractRows
    from taut.fitting.tensors import load_tensors, named_arrays, save_tensors, with_arrays_of

__all__ = [
    "AbstractRows",
    "AsFloat",
    "Checkpoints",
    "CheckpointsLike",
    "DynamicBinarisation",
    "FitResult",
    "Outcome",
    "Plan",
    "Progress",
    "View",
    "facts_in",
    "fit",
    "fit_guide",
    "fit_prior",
    "in_use",
    "load_tensors",
    "modes_from",
    "named_arrays",
    "position",
    "prior_precision",
    "refine",
    "refined_gaussian",
    "save_tensors",
    "states_in",
    "with_arrays_of",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checkpoints": ["Checkpoints", "CheckpointsLike"],
        "epoch": ["AsFloat", "DynamicBinarisation", "View"],
        "fits": ["fit"],
        "guide_fits": ["fit_guide", "refine"],
        "kept_facts": ["facts_in", "position", "states_in"],
        "loop": ["FitResult", "Progress"],
        "plan": ["Outcome", "Plan"],
        "posterior": ["modes_from", "prior_precision", "refined_gaussian"],
        "prior": ["fit_prior"],
        "refined": ["in_use"],
        "segments": ["AbstractRows"],
        "tensors": ["load_tensors", "named_arrays", "save_tensors", "with_arrays_of"],
    },
)
