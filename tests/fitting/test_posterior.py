"""The best Gaussian of one row, against posteriors that are known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut.annealing import Path
from taut.auditing.refinement import log_ratios
from taut.fitting import refined_gaussian
from taut.models import LogJoint
from taut.numerics import AffineMap, gaussian_kl
from tests.annealing.instances import mixed
from tests.laws.instances import linear_gaussian, random_net, rows_of


@pytest.fixture(scope="module")
def gaussian():
    model = linear_gaussian(5, 3)
    return model, rows_of(model, 1)[0]


@eqx.filter_jit
def refined(model, x, starts, covariance="full"):
    return refined_gaussian(model, x, starts, key=jr.key(0), covariance=covariance)


def elbo(model, x, frame, draws=4000):
    u = jr.normal(jr.key(77), (draws, frame.mean.shape[0]))
    values = np.asarray(eqx.filter_jit(log_ratios)(model, x, frame, u), np.float64)
    return values.mean(), values.std(ddof=1) / np.sqrt(draws)


def test_a_gaussian_posterior_is_found_exactly(gaussian):
    model, x = gaussian
    frame = refined(model, x, jnp.zeros((1, 3)))
    assert float(gaussian_kl(frame.distribution(), model.posterior(x))) < 1e-5


def test_a_diagonal_family_finds_its_own_optimum(gaussian):
    """Mean exact, variances 1/Λ_ii (Turner & Sahani 2011)."""
    model, x = gaussian
    frame = refined(model, x, jnp.zeros((1, 3)), covariance="diagonal")
    posterior = model.posterior(x)
    precision = np.linalg.inv(np.asarray(posterior.covariance_matrix))
    np.testing.assert_allclose(frame.root, np.diagonal(precision) ** -0.5, rtol=1e-3)
    np.testing.assert_allclose(frame.mean, posterior.mean, atol=0.2)


def test_from_far_away_it_still_arrives(gaussian):
    model, x = gaussian
    frame = refined(model, x, jnp.full((1, 3), 30.0))
    assert float(gaussian_kl(frame.distribution(), model.posterior(x))) < 1e-3


def test_without_fisher_information_second_derivatives_serve(gaussian):
    model, x = gaussian
    plain = LogJoint(model.log_joint, latents=3, prior=model.prior())
    frame = refined(plain, x, jnp.zeros((1, 3)))
    assert float(gaussian_kl(frame.distribution(), model.posterior(x))) < 1e-4


def test_it_beats_laplace_on_a_network():
    model = random_net(2, features=20)
    x = rows_of(model, 1, seed=3)[0]
    frame = refined(model, x, jnp.zeros((1, 2)))
    ours, error = elbo(model, x, frame)
    precision = -jax.jit(jax.hessian(lambda z: model.log_joint(x, z)))(frame.mean)
    laplace = AffineMap(frame.mean, jnp.linalg.cholesky(jnp.linalg.inv(precision)))
    theirs, _ = elbo(model, x, laplace)
    assert ours > theirs - 0.3 - 5 * error


def test_of_two_modes_the_heavier_is_taken():
    """The prior's second component has 0.7 of the mass, and this datum lies between."""
    model = mixed()
    starts = jnp.stack([-model.offset, model.offset])
    frame = refined(model, jnp.zeros(3), starts)
    assert float(frame.mean[0]) > 0
    again = refined(model, jnp.zeros(3), starts[::-1])
    assert float(again.mean[0]) > 0


def test_a_frame_is_its_gaussian(gaussian):
    model, x = gaussian
    frame = AffineMap.of(model.posterior(x))
    u = jnp.array([0.3, -1.0, 2.0])
    z = frame.place(u)
    np.testing.assert_allclose(frame.coordinates(z), u, atol=1e-5)
    density = -0.5 * float(jnp.sum(u**2)) - 1.5 * np.log(2 * np.pi) - float(frame.log_volume())
    assert density == pytest.approx(float(frame.distribution().log_prob(z)), abs=1e-4)
    path = Path(model, x, frame)
    assert float(path.log_ratio(path.at(u))) == pytest.approx(float(model.log_evidence(x)), abs=1e-4)
