"""Likelihoods: from the outputs of a decoder to a normalised distribution of one datum.

Training, evaluation and sampling use the same density, constants included. `choose` reads the data and says
which likelihood fits and why; `named` builds one by its name; `check_support` refuses data that it cannot produce.
"""

from taut.likelihoods.base import AbstractLikelihood, Nodes, code_nodes, gaussian_nodes
from taut.likelihoods.binary import Bernoulli, ContinuousBernoulli
from taut.likelihoods.categories import Categorical, OrderedLogit
from taut.likelihoods.choice import (
    BUILTIN,
    Choice,
    check_support,
    choose,
    choose_counts,
    fill_values,
    for_columns,
    named,
    of_block,
)
from taut.likelihoods.counts import Binomial, NegativeBinomial, Poisson, ZeroInflated
from taut.likelihoods.families import Family, Sample, all_families, family, known_family, names, register
from taut.likelihoods.grey import DiscretisedLogistic, LogisticMixture
from taut.likelihoods.holes import CodeMasking, Missingness, NumberMasking, Observed, WhereMissing
from taut.likelihoods.mixed import InUnits, Mixed, Places
from taut.likelihoods.real import Gaussian, GaussianMixture, StudentT
from taut.likelihoods.transformed import Beta, LogitNormal, LogNormal

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
    "LogisticMixture",
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
