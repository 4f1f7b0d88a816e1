"""Statements about log p(x), each with its direction and its error.

ELBO: the mean of the log-weights. Importance weighting: the log of the mean of the weights. Both lie below
log p(x) in expectation. Where the model or a small latent dimension allows it, log p(x) itself: closed form, summation,
quadrature.
"""

from taut.bounds.exact import ExactTerms, exact_terms, log_evidence
from taut.bounds.lower import certified_lower, elbo, importance, log_mean_weight, mean_log_weight
from taut.bounds.quadrature import quadrature

__all__ = [
    "ExactTerms",
    "certified_lower",
    "elbo",
    "exact_terms",
    "importance",
    "log_evidence",
    "log_mean_weight",
    "mean_log_weight",
    "quadrature",
]
