"""Small functions named for the hazard that they remove."""

from taut.numerics.distributions import log_density, mean_of, one_draw
from taut.numerics.gaussians import gaussian_kl, mean_and_cholesky
from taut.numerics.logarithms import inverse_softplus, log_diff_sigmoid, log_mean_exp

__all__ = [
    "gaussian_kl",
    "inverse_softplus",
    "log_density",
    "log_diff_sigmoid",
    "log_mean_exp",
    "mean_and_cholesky",
    "mean_of",
    "one_draw",
]
