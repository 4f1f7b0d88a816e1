"""Small functions named for the hazard that they remove."""

from taut.numerics.affine import AffineMap, floats_on_device, spread_of, take
from taut.numerics.distributions import (
    Moments,
    gaussian_kl,
    is_diagonal_gaussian,
    is_discrete,
    log_density,
    log_density_by_entry,
    log_standard_normal,
    mean_and_cholesky,
    mean_of,
    moments_of,
    one_draw,
)
from taut.numerics.draws import Draws, draw_with_density, reparameterised, reparameterised_draws
from taut.numerics.forms import FORMS, Form, log_odds_of
from taut.numerics.logarithms import (
    NEAREST_END,
    SMALLEST_SCALE,
    bernoulli_log_prob,
    count_deviance,
    inside,
    inverse_softplus,
    log_diff_sigmoid,
    log_mean_exp,
    log_odds,
    positive,
    stirling_rest,
)
from taut.numerics.mixtures import GaussianMixture

__all__ = [
    "FORMS",
    "NEAREST_END",
    "SMALLEST_SCALE",
    "AffineMap",
    "Draws",
    "Form",
    "GaussianMixture",
    "Moments",
    "bernoulli_log_prob",
    "count_deviance",
    "draw_with_density",
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
    "reparameterised",
    "reparameterised_draws",
    "spread_of",
    "stirling_rest",
    "take",
]
