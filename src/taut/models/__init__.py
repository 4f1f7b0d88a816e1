"""Models: p(z) p(x|z), one datum at a time. Two of them are yardsticks whose evidence is known exactly."""

from taut.models.base import AbstractModel
from taut.models.latent import PRIORS, LatentVariableModel, check_prior, standard_normal
from taut.models.log_joint import LogJoint
from taut.models.yardsticks import Finite, LinearGaussian

__all__ = [
    "PRIORS",
    "AbstractModel",
    "Finite",
    "LatentVariableModel",
    "LinearGaussian",
    "LogJoint",
    "check_prior",
    "standard_normal",
]
