"""Models: p(z) p(x|z), one datum at a time. Two of them are yardsticks whose evidence is known exactly."""

from taut.models.base import AbstractModel
from taut.models.finite import Finite
from taut.models.latent import LatentVariableModel, standard_normal
from taut.models.linear_gaussian import LinearGaussian
from taut.models.log_joint import LogJoint
from taut.models.priors import PRIORS, check_prior

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
