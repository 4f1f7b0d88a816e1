"""Quadrature where it is hard: peaks that are narrow or far, and models that it cannot serve."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from taut import bounds, guides, likelihoods, models
from taut.bounds.quadrature import posterior_box
from taut.errors import AuditError, OptionError
from tests.laws.instances import encoder, finite, linear_gaussian, random_net, rows_of, sine
from tests.quick import quick


class Plain(models.AbstractModel):
    """A linear-Gaussian model that hides its closed form."""

    inner: models.LinearGaussian

    def prior(self):
        return self.inner.prior()

    def likelihood(self, z):
        return self.inner.likelihood(z)


def line(weight):
    return models.LinearGaussian(jnp.array([[weight]]), jnp.zeros(1), jnp.ones(1))


def with_posterior(covariance, mean):
    """A model whose posterior has this covariance, which lies below I, and a datum that puts it near this mean."""
    weight = np.linalg.cholesky(np.linalg.inv(covariance) - (1.0 - 1e-9) * np.eye(len(mean))).T
    model = models.LinearGaussian(jnp.asarray(weight), jnp.zeros(len(mean)), jnp.ones(len(mean)))
    return model, model.weight @ jnp.asarray(mean)


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


def test_a_posterior_of_a_wide_prior_is_exact_however_far_it_reaches():
    wide = models.LatentVariableModel(
        prior=dist.Normal(jnp.zeros(1), jnp.full(1, 20.0)).to_event(1),
        decoder=lambda z: z,
        likelihood=likelihoods.Gaussian(1, scale="unit"),
    )
    for x in (3.0, 30.0, 3000.0):
        found = bounds.quadrature(wide, jnp.array([x]))
        assert found.value == pytest.approx(float(dist.Normal(0.0, np.sqrt(401.0)).log_prob(x)), rel=1e-6)
        assert found.status == "exact"


def test_a_grid_proves_nothing_and_is_an_estimate():
    """A loop has no known range: what is left is the grid, which cannot see beyond 16."""
    looping = models.LogJoint(
        lambda x, z: jax.lax.fori_loop(0, 1, lambda _, a: a - 0.5 * (x[0] - z[0]) ** 2, 0.0), latents=1
    )
    found = bounds.quadrature(looping, jnp.array([3.0]))
    assert found.status == "estimate"
    assert found.value == pytest.approx(0.5 * np.log(2 * np.pi), abs=1e-4)
    with pytest.raises(AuditError, match="within 16"):
        bounds.quadrature(looping, jnp.array([30.0]))


def test_four_latents_are_too_many():
    with pytest.raises(OptionError, match="one to three latents"):
        bounds.log_evidence(sine(4), jnp.zeros(3))


@pytest.mark.parametrize("scale", quick(0.5, of=[0.5, 3.0]))
def test_three_latents_agree_with_the_closed_form(scale, float64):
    """A posterior near the prior, and one whose ridge of standard deviation 0.1 slips between coarse nodes."""
    model = linear_gaussian(4, 3, seed=2)
    model = models.LinearGaussian(scale * model.weight, model.offset, model.noise)
    for x in rows_of(model, 2):
        value = bounds.quadrature(Plain(model), x)
        assert value.value == pytest.approx(float(model.log_evidence(x)), abs=1e-4)
        assert value.status == "exact"


@pytest.mark.slow
def test_the_terms_of_three_latents_add_up(float64):
    model, guide = random_net(3, steep=1.0), encoder(6, 3)
    terms = bounds.exact_terms(model, guide, rows_of(model, 1)[0], tolerance=1e-4)
    assert terms.kl > 1e-3
    assert terms.elbo + terms.kl == pytest.approx(terms.log_evidence, abs=2e-4)


@pytest.mark.slow
def test_three_latents_of_a_network_agree_with_importance_weights(key):
    """200,000 draws from a Gaussian wider than the prior, so that weights are bounded whatever the network does."""
    model = random_net(3)
    x = rows_of(model, 1, seed=5)[0]

    @jax.jit
    def weights(key):
        z = 1.5 * jax.random.normal(key, (200_000, 3))
        log_p = jax.vmap(lambda z: model.log_joint(x, z))(z)
        return jnp.exp(log_p + jnp.sum(0.5 * (z / 1.5) ** 2 + jnp.log(1.5) + 0.5 * jnp.log(2 * jnp.pi), axis=1))

    w = np.asarray(weights(key), np.float64)
    error = w.std(ddof=1) / np.sqrt(len(w)) / w.mean()
    assert error < 0.01
    assert abs(bounds.log_evidence(model, x, tolerance=1e-4).value - np.log(w.mean())) < 4 * error


@pytest.mark.parametrize(("latents", "correlation"), quick((2, 0.999), of=[(2, 0.999), (3, 0.99)]))
def test_ridges_agree_with_the_closed_form(latents, correlation, float64):
    covariance = np.eye(latents)
    covariance[:2, :2] = 0.1 * np.array([[1.0, correlation], [correlation, 1.0]])
    model, x = with_posterior(covariance, [2.07, 2.13, 0.4][:latents])
    assert bounds.quadrature(Plain(model), x).value == pytest.approx(float(model.log_evidence(x)), abs=1e-4)


def test_a_box_that_starts_on_a_part_of_a_ridge_grows_to_hold_it(float64):
    """Thin and almost along an axis: the first grid meets it away from its top, and a box that cannot grow cuts it."""
    along = np.array([np.cos(1.5647), np.sin(1.5647)])
    covariance = 0.00346**2 * np.eye(2) + (0.64 - 0.00346**2) * np.outer(along, along)
    model, x = with_posterior(covariance, [-0.1669, -1.0328])
    posterior, box = model.posterior(x), np.asarray(posterior_box(model, x))
    reach = 6.0 * np.sqrt(np.diag(np.asarray(posterior.covariance_matrix)))
    assert np.all(box[:, 0] < posterior.mean - reach)
    assert np.all(box[:, 1] > posterior.mean + reach)


@pytest.mark.slow
def test_a_ridge_too_thin_for_any_grid_is_refused(float64):
    """Three latents with correlation 0.99999: what the finest grid cannot see, it does not report."""
    weight = np.eye(3)
    weight[0] = 3000.0 * np.array([1.0, -1.0, 0.3])
    model = models.LinearGaussian(jnp.asarray(weight), jnp.zeros(3), jnp.ones(3))
    with pytest.raises(AuditError):
        bounds.quadrature(Plain(model), model.weight @ jnp.array([0.7, 0.2, -0.4]))


@pytest.mark.parametrize("latents", quick(1, 2, of=[1, 2, 3]))
@pytest.mark.parametrize(("factor", "seen"), [(1.2, True), (0.8, False)])
def test_a_second_peak_is_lost_below_the_width_that_the_docstring_says(latents, factor, seen, float64):
    """Two peaks of equal height, the narrow one in the middle between nodes of the first grid."""
    spacing = 32.0 / (95 if latents == 3 else 511)
    width = factor * spacing * np.sqrt(latents / 240.0)
    place = spacing * round(2.0 / spacing)  # zero itself lies between two nodes

    def two_peaks(x, z):
        narrow = -0.5 * jnp.sum((z - place) ** 2) / width**2
        return jnp.logaddexp(-0.5 * jnp.sum((z + 3.0) ** 2) / 0.3**2, narrow)

    box = posterior_box(models.LogJoint(two_peaks, latents=latents), jnp.zeros(1))
    assert bool(jnp.all(box[:, 1] > 1.5)) == seen


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
