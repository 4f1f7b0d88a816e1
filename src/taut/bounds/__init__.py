"""Statements about log p(x), each with its direction and its error.

ELBO: the mean of the log-weights. Importance weighting: the log of the mean of the weights. Both lie below
log p(x) in expectation. Annealed walks: forward from below, reverse from above. Where the model or a small latent
dimension allows it, log p(x) itself: closed form, summation, quadrature.
"""

from taut.bounds.annealed import annealed_lower, annealed_upper, annealed_upper_of_each, bridge, certified_upper
from taut.bounds.exact import ExactTerms, exact_terms, log_evidence
from taut.bounds.lower import (
    certified_lower,
    elbo,
    importance,
    log_mean_weight,
    log_mean_weight_error,
    mean_log_weight,
)
from taut.bounds.quadrature import proven_integral, quadrature

__all__ = [
    "ExactTerms",
    "annealed_lower",
    "annealed_upper",
    "annealed_upper_of_each",
    "bridge",
    "certified_lower",
    "certified_upper",
    "elbo",
    "exact_terms",
    "importance",
    "log_evidence",
    "log_mean_weight",
    "log_mean_weight_error",
    "mean_log_weight",
    "proven_integral",
    "quadrature",
]
