"""Likelihoods: from the outputs of a decoder to a normalised distribution of one datum.

Training, evaluation and sampling use the same density, constants included. `choose` reads the data and says
which likelihood fits and why; `named` builds one by its name; `check_support` refuses data that it cannot produce.
"""

from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.binary import Bernoulli, ContinuousBernoulli
from taut.likelihoods.categories import Categorical
from taut.likelihoods.choice import NAMES, Choice, check_support, choose, named
from taut.likelihoods.counts import Binomial, NegativeBinomial, Poisson
from taut.likelihoods.grey import DiscretisedLogistic
from taut.likelihoods.real import Gaussian, StudentT

__all__ = [
    "NAMES",
    "AbstractLikelihood",
    "Bernoulli",
    "Binomial",
    "Categorical",
    "Choice",
    "ContinuousBernoulli",
    "DiscretisedLogistic",
    "Gaussian",
    "NegativeBinomial",
    "Poisson",
    "StudentT",
    "check_support",
    "choose",
    "named",
]
