"""Quadrature where it is hard: peaks that are narrow or far, and models that it cannot serve."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from taut import bounds, guides, likelihoods, models
from taut.errors import AuditError, OptionError
from tests.laws.instances import finite, linear_gaussian, sine


class Plain(models.AbstractModel):
    """A linear-Gaussian model that hides its closed form."""

    inner: models.LinearGaussian

    def prior(self):
        return self.inner.prior()

    def likelihood(self, z):
        return self.inner.likelihood(z)


def line(weight):
    return models.LinearGaussian(jnp.array([[weight]]), jnp.zeros(1), jnp.ones(1))


@pytest.mark.parametrize(
    ("weight", "mean", "scale"),
    [(1.0, 0.33, 0.002), (1.0, 12.0, 1.0), (50.0, 0.0, 1.0), (50.0, 7.0, 0.1), (3000.0, 0.0, 1.0)],
)
def test_grids_find_narrow_and_far_peaks(weight, mean, scale, float64):
    """All three terms against closed forms; a q or a posterior thinner than the grid must not vanish."""
    model, x = line(weight), jnp.array([0.5 * weight])
    guide = guides.Constant(dist.Normal(jnp.array([mean]), jnp.array([scale])).to_event(1))
    exact = bounds.exact_terms(model, guide, x)
    try:
        gridded = bounds.exact_terms(Plain(model), guide, x)
    except AuditError as error:
        if weight < 3000.0 or "settles" not in str(error):  # honest there: too thin a posterior for so wide a grid
            raise
        return
    np.testing.assert_allclose(gridded, exact, rtol=1e-6, atol=1e-5)


def test_a_posterior_beyond_the_grid_is_refused():
    wide = models.LatentVariableModel(
        prior=dist.Normal(jnp.zeros(1), jnp.full(1, 20.0)).to_event(1),
        decoder=lambda z: z,
        likelihood=likelihoods.Gaussian(1, scale="unit"),
    )
    assert bounds.quadrature(wide, jnp.array([3.0])).value == pytest.approx(
        float(dist.Normal(0.0, np.sqrt(401.0)).log_prob(3.0)), abs=1e-4
    )
    with pytest.raises(AuditError, match="within 16"):
        bounds.quadrature(wide, jnp.array([30.0]))


def test_three_latents_are_too_many():
    with pytest.raises(OptionError, match="one or two latents"):
        bounds.log_evidence(sine(3), jnp.zeros(3))


def test_what_is_exact_says_so():
    for estimate in (
        bounds.log_evidence(linear_gaussian(), jnp.zeros(5)),
        bounds.log_evidence(finite(), jnp.zeros(3)),
        bounds.log_evidence(sine(1), jnp.zeros(3), tolerance=1e-4),
    ):
        assert estimate.status == "exact"
        assert estimate.std_error == 0
        assert estimate.condition


def test_single_precision_follows_double():
    terms = []
    for double in (False, True):
        with jax.enable_x64(double):
            guide = guides.Constant(dist.Normal(jnp.array([0.4]), jnp.array([0.6])).to_event(1))
            terms.append(bounds.exact_terms(sine(1), guide, jnp.array([0.4, -1.0, 0.9]), tolerance=1e-4))
    np.testing.assert_allclose(terms[0], terms[1], atol=3e-4)


def test_a_q_that_is_not_gaussian_has_no_exact_terms():
    guide = guides.Constant(dist.StudentT(5.0, jnp.zeros(2), 1.0).to_event(1))
    with pytest.raises(NotImplementedError):
        bounds.exact_terms(linear_gaussian(), guide, jnp.zeros(5))
