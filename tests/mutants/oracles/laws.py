"""The oracles of `tests/laws` that ask for a name, with the name filled in."""

from tests.laws import checks, test_likelihoods
from tests.mutants.oracles.suite import of_suite

gaussian_has_mass_one = of_suite(checks.likelihood_has_mass_one, "gaussian", double=True)
binomial_has_mass_one = of_suite(checks.likelihood_has_mass_one, "binomial", double=True)
continuous_bernoulli_has_mass_one = of_suite(checks.likelihood_has_mass_one, "continuous-bernoulli", double=True)
discretised_logistic_has_mass_one = of_suite(checks.likelihood_has_mass_one, "discretised-logistic", double=True)
gaussian_equals_scipy = of_suite(checks.likelihood_equals_scipy, "gaussian-unit", double=True)
binomial_equals_scipy = of_suite(checks.likelihood_equals_scipy, "binomial", double=True)
negative_binomial_equals_scipy = of_suite(checks.likelihood_equals_scipy, "negative-binomial", double=True)
units_shift_the_log_density = of_suite(
    test_likelihoods.test_a_column_in_other_units_shifts_the_log_density_by_the_log_of_the_factor
)
