"""Oracles of refined Gaussians: the posterior where it is one, nothing lost to a nested family, fresh draws."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from taut import models, numerics, weights
from taut.auditing import refinement
from tests.annealing import instances
from tests.fitting import test_posterior
from tests.laws.checks import mean_is, near
from tests.laws.instances import encoder, linear_gaussian, random_net, rows_of
from tests.mutants.oracles.suite import of_suite


def _gaussian() -> tuple[models.LinearGaussian, jax.Array]:
    model = linear_gaussian(5, 3)
    return model, rows_of(model, 1)[0]


gaussian_posterior_is_found = of_suite(test_posterior.test_a_gaussian_posterior_is_found_exactly, _gaussian)
frame_is_its_gaussian = of_suite(test_posterior.test_a_frame_is_its_gaussian, _gaussian)


def log_ratios_of_the_posterior_are_the_evidence() -> None:
    """In the coordinates of the exact posterior every draw weighs p(x), the volume of the frame included."""
    with jax.enable_x64(True):
        model = linear_gaussian(5, 2)
        x = jnp.asarray(instances.simulated(model, 1)[0][0])
        frame = numerics.AffineMap.of(model.posterior(x))
        ratios = refinement.log_ratios(model, x, frame, jr.normal(jr.key(0), (7, 2)))
        near(ratios, np.full(7, float(model.log_evidence(x))), 1e-10)


def _refined(draws, rows, seed):
    model, guide = random_net(2), encoder(6, 2)
    data, _ = instances.simulated(model, rows, seed=seed)
    function = refinement.RefinementOfRow(draws)
    return model, data, weights.map_rows(function, model, guide, data, key=jr.key(5), block=128)


def nested_families_do_not_lose() -> None:
    """Row by row the best full covariance is no worse than the best diagonal one, and that no worse than the guide."""
    _, _, refined = _refined(200, 256, 9)
    for gain, error in (
        (refined.full_gain, refined.full_gain_error),
        (refined.amortisation, refined.amortisation_error),
    ):
        short = gain + 5 * error + 0.02
        assert np.all(short > 0), f"{np.sum(short <= 0)} of {len(gain)} rows lose, the worst by {gain.min():.3f}"


def refined_scores_are_those_of_fresh_draws() -> None:
    """As many draws as choose among the fits: their mean has nothing above the same Gaussians' mean over 2,000 more."""
    model, data, refined = _refined(refinement.CHOOSING, 1280, 10)
    u = jr.normal(jr.key(77), (2000, 2))

    @eqx.filter_jit
    @eqx.filter_vmap
    def fresh(x, frame):
        return jnp.mean(jax.vmap(lambda u: refinement.log_ratios(model, x, frame, u[None])[0])(u))

    scores = fresh(jnp.asarray(data), jax.tree.map(jnp.asarray, refined.frame))
    mean_is(refined.elbo_full - np.asarray(scores), 0.0)
