"""Likelihoods: from the outputs of a decoder to a normalised distribution of one datum.

Training, evaluation and sampling use the same density, constants included. `choose` reads the data and says
which likelihood fits and why; `named` builds one by its name; `check_support` refuses data that it cannot produce.
"""

from taut.likelihoods.base import AbstractLikelihood
from taut.likelihoods.binary import Bernoulli, ContinuousBernoulli
from taut.likelihoods.builtin import BUILTIN
from taut.likelihoods.categories import Categorical
from taut.likelihoods.choice import Choice, check_support, choose, choose_counts, named
from taut.likelihoods.columns import fill_values, for_columns, of_block
from taut.likelihoods.counts import Binomial, NegativeBinomial, Poisson
from taut.likelihoods.families import Family, Sample, all_families, family, known_family, names, register
from taut.likelihoods.grey import DiscretisedLogistic
from taut.likelihoods.holes import Observed, WhereMissing
from taut.likelihoods.inflated import ZeroInflated
from taut.likelihoods.masking import CodeMasking, Missingness, NumberMasking
from taut.likelihoods.mixed import Mixed, Places
from taut.likelihoods.mixture import GaussianMixture
from taut.likelihoods.nodes import Nodes, code_nodes, gaussian_nodes
from taut.likelihoods.ordered import OrderedLogit
from taut.likelihoods.real import Gaussian, StudentT
from taut.likelihoods.transformed import Beta, LogitNormal, LogNormal
from taut.likelihoods.units import InUnits

__all__ = [
    "AbstractLikelihood",
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Choice",
    "CodeMasking",
    "ContinuousBernoulli",
    "DiscretisedLogistic",
    "Family",
    "Gaussian",
    "GaussianMixture",
    "InUnits",
    "LogNormal",
    "LogitNormal",
    "Missingness",
    "Mixed",
    "NegativeBinomial",
    "Nodes",
    "NumberMasking",
    "Observed",
    "OrderedLogit",
    "Places",
    "Poisson",
    "Sample",
    "StudentT",
    "WhereMissing",
    "ZeroInflated",
    "all_families",
    "check_support",
    "choose",
    "choose_counts",
    "code_nodes",
    "family",
    "fill_values",
    "for_columns",
    "gaussian_nodes",
    "known_family",
    "named",
    "names",
    "of_block",
    "register",
]

register(*BUILTIN)
