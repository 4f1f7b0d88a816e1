"""The suite's oracles of the decomposition of the rate and of calibration."""

from tests.auditing import test_calibration, test_rate_decomposition
from tests.mutants.oracles.suite import of_suite

mixture_is_that_of_brute_force = of_suite(
    test_rate_decomposition.test_the_mixture_is_that_of_brute_force, "diagonal", 0.0, 0.5, key=True
)
identities_of_the_rate_hold = of_suite(
    test_rate_decomposition.test_both_identities_hold_to_rounding, "diagonal", 7, key=True
)
rows_apart_are_told_apart = of_suite(
    test_rate_decomposition.test_rows_apart_are_told_apart_and_equal_rows_are_not, "diagonal", key=True
)
one_row_has_no_information = of_suite(
    test_rate_decomposition.test_one_row_has_no_information_about_which_row_it_is, key=True
)
exact_posterior_is_calibrated = of_suite(
    test_calibration.test_the_exact_posterior_is_found_calibrated_as_often_as_promised, 1, key=True
)
narrow_guide_is_found = of_suite(test_calibration.test_a_guide_twice_too_narrow_is_found_so, key=True)
missing_correlation_is_found = of_suite(
    test_calibration.test_a_missing_correlation_shows_in_the_joint_rank_alone, key=True
)
