"""Motion: one loop for all training, a state that goes in and out of it, an outcome that says how it ended."""

from taut.fitting.checkpoints import Checkpoints, CheckpointsLike, facts_in
from taut.fitting.epoch import AsFloat, DynamicBinarisation, View
from taut.fitting.fits import fit
from taut.fitting.guide_fits import fit_guide, refine
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
    "prior_precision",
    "refine",
    "refined_gaussian",
    "save_tensors",
    "with_arrays_of",
]
