"""Small functions named for the hazard that they remove."""

from taut.numerics.affine import AffineMap
from taut.numerics.distributions import is_discrete, log_density, log_density_by_entry, one_draw
from taut.numerics.factorials import count_deviance, stirling_rest
from taut.numerics.forms import FORMS, Form, log_odds_of
from taut.numerics.gaussians import gaussian_kl, is_diagonal_gaussian, log_standard_normal, mean_and_cholesky
from taut.numerics.logarithms import (
    NEAREST_END,
    SMALLEST_SCALE,
    bernoulli_log_prob,
    inside,
    inverse_softplus,
    log_diff_sigmoid,
    log_mean_exp,
    log_odds,
    positive,
)
from taut.numerics.moments import Moments, mean_of, moments_of
from taut.numerics.placing import floats_on_device, take

__all__ = [
    "FORMS",
    "NEAREST_END",
    "SMALLEST_SCALE",
    "AffineMap",
    "Form",
    "Moments",
    "bernoulli_log_prob",
    "count_deviance",
    "floats_on_device",
    "gaussian_kl",
    "inside",
    "inverse_softplus",
    "is_diagonal_gaussian",
    "is_discrete",
    "log_density",
    "log_density_by_entry",
    "log_diff_sigmoid",
    "log_mean_exp",
    "log_odds",
    "log_odds_of",
    "log_standard_normal",
    "mean_and_cholesky",
    "mean_of",
    "moments_of",
    "one_draw",
    "positive",
    "stirling_rest",
    "take",
]
