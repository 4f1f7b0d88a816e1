"""Bugs of likelihoods: densities that are none, or that belong to other data."""

import math

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from taut.likelihoods import binary, counts, grey, real
from taut.numerics import log_diff_sigmoid
from tests.laws import checks
from tests.mutants.oracles import laws
from tests.mutants.planting import Mutant


class WithoutHalf(dist.Normal):
    """−‖x − D(z)‖² − (D/2) log 2π: the half is gone, the constant is not."""

    def log_prob(self, value):
        return -(((value - self.loc) / self.scale) ** 2) - jnp.log(self.scale) - 0.5 * math.log(2 * math.pi)


class OfStandardised(dist.Normal):
    """The density of (x − centre)/spread, given as the density of x."""

    def __init__(self, loc, scale, centre, spread):
        super().__init__((loc - centre) / spread, scale / spread)
        self.centre, self.spread = centre, spread

    def log_prob(self, value):
        return super().log_prob((value - self.centre) / self.spread)


def gaussian_without_half(likelihood, outputs):
    return WithoutHalf(likelihood.location(outputs), likelihood.scale()).to_event(1)


def gaussian_without_jacobian(likelihood, outputs):
    centre, spread = likelihood.centre, likelihood.spread
    return OfStandardised(likelihood.location(outputs), likelihood.scale(), centre, spread).to_event(1)


def interval_without_its_tails(self, value):
    return log_diff_sigmoid((value + 0.5 - self.loc) / self.scale, (value - 0.5 - self.loc) / self.scale)


def interval_with_a_floor(self, value):
    return jnp.log(jnp.exp(LEVELS_LOG_PROB(self, value)) + 1e-7)


def cross_entropy(self, value):
    return value * self.logits - jax.nn.softplus(self.logits)


def without_coefficient(self, value):
    return value * self.logits - self.total_count * jax.nn.softplus(self.logits)


def concentration_upside_down(likelihood, outputs):
    concentration = 1.0 / (1e-4 + jax.nn.softplus(likelihood.raw_concentration + 1.0))
    return dist.NegativeBinomial2(jnp.exp(outputs), concentration).to_event(1)


LEVELS_LOG_PROB = grey.LogisticLevels.log_prob
GAUSSIAN, LEVELS = (real.Gaussian, "__call__"), (grey.LogisticLevels, "log_prob")
SHARES, COUNTS = (binary.ContinuousBernoulliLogits, "log_prob"), (counts.CountsOutOf, "log_prob")

MUTANTS = {
    "half of the Gaussian dropped": Mutant(
        "benchmark_VAE, old versions",
        {GAUSSIAN: gaussian_without_half},
        (laws.gaussian_has_mass_one, laws.gaussian_equals_scipy),
    ),
    "standardised data without the Jacobian": Mutant(
        "listed",
        {GAUSSIAN: gaussian_without_jacobian},
        (laws.units_shift_the_log_density, laws.gaussian_has_mass_one),
    ),
    "end bins without their tails": Mutant(
        "listed",
        {LEVELS: interval_without_its_tails},
        (laws.discretised_logistic_has_mass_one, checks.discretised_logistic_equals_its_distribution_function),
    ),
    "floor of 1e-7 under the bins": Mutant(
        "listed", {LEVELS: interval_with_a_floor}, (laws.discretised_logistic_has_mass_one,)
    ),
    "cross-entropy for a density of shares": Mutant(
        "listed",
        {SHARES: cross_entropy},
        (laws.continuous_bernoulli_has_mass_one, checks.continuous_bernoulli_equals_quadrature),
    ),
    "binomial coefficient forgotten": Mutant(
        "common", {COUNTS: without_coefficient}, (laws.binomial_has_mass_one, laws.binomial_equals_scipy)
    ),
    "concentration upside down": Mutant(
        "common",
        {(counts.NegativeBinomial, "__call__"): concentration_upside_down},
        (laws.negative_binomial_equals_scipy,),
    ),
}
