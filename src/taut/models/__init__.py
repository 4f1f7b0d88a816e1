"""Models: p(z) p(x|z), one datum at a time. Two of them are yardsticks whose evidence is known exactly."""

from taut.models.base import AbstractModel
from taut.models.categorical_prior import CategoricalPrior
from taut.models.flow_prior import FlowDistribution, FlowPrior
from taut.models.gaussian_priors import GaussianPrior, MixturePrior, VampPrior
from taut.models.latent import LatentVariableModel
from taut.models.log_joint import LogJoint
from taut.models.priors import PRIORS, check_prior, check_rows_for, prior_for, standard_normal
from taut.models.yardsticks import Finite, LinearGaussian

__all__ = [
    "PRIORS",
    "AbstractModel",
    "CategoricalPrior",
    "Finite",
    "FlowDistribution",
    "FlowPrior",
    "GaussianPrior",
    "LatentVariableModel",
    "LinearGaussian",
    "LogJoint",
    "MixturePrior",
    "VampPrior",
    "check_prior",
    "check_rows_for",
    "prior_for",
    "standard_normal",
]
