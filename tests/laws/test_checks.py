"""Each oracle as it stands. What it compares with what is said where it is written."""

import inspect

import pytest

from tests.laws import checks
from tests.laws.instances import GRID_MODELS, LIKELIHOODS, each_likelihood
from tests.quick import quick

HELPERS = {
    "near",
    "mean_is",
    "drawer",
    "drawn",
    "log_densities",
    "correlated_pair",
    "widened",
    "importance_bias",
    "correlated_data",
}
OF_LIKELIHOODS = {"likelihood_has_mass_one", "likelihood_equals_scipy"}
OF_GRIDS = {"identity_holds_by_quadrature", "quadrature_equals_a_dense_grid"}
OWN = {
    name for name, value in vars(checks).items() if inspect.isfunction(value) and value.__module__ == checks.__name__
}
# No planted bug is theirs alone.
MANY_DRAWS = {"sampled_bounds_agree_with_exact_ones", "diagonal_guide_pays_for_correlation"}
IN_SECONDS = {"network, 1 latent", "sine, 2 latents"}
WITHOUT_SCIPY = [name for name, case in LIKELIHOODS.items() if case.scipy is None]
PLAIN = sorted(OWN - HELPERS - OF_LIKELIHOODS - OF_GRIDS)


@pytest.mark.parametrize("name", quick(*(set(PLAIN) - MANY_DRAWS), of=PLAIN))
def test_oracle(name):
    getattr(checks, name)()


@pytest.mark.parametrize("model", quick(*IN_SECONDS, of=GRID_MODELS))
def test_identity_holds_by_quadrature(model):
    checks.identity_holds_by_quadrature(model)


@pytest.mark.parametrize("model", quick(*IN_SECONDS, of=GRID_MODELS))
def test_quadrature_equals_a_dense_grid(model):
    checks.quadrature_equals_a_dense_grid(model)


@pytest.mark.parametrize("likelihood", each_likelihood())
def test_likelihood_has_mass_one_in_float64(likelihood, float64):
    checks.likelihood_has_mass_one(likelihood, 1e-6)


@pytest.mark.parametrize("likelihood", each_likelihood())
def test_likelihood_has_mass_one_in_float32(likelihood):
    checks.likelihood_has_mass_one(likelihood, 1e-4)


@pytest.mark.parametrize("likelihood", each_likelihood(but=WITHOUT_SCIPY))
def test_likelihood_equals_scipy(likelihood, float64):
    checks.likelihood_equals_scipy(likelihood)


def test_log_weights_are_log_evidence_in_float32():
    checks.log_weights_are_log_evidence_under_the_exact_posterior(double=False)
