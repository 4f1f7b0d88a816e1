"""Oracles of objectives: the suite's gradients and values, and two that it has no test for."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist

from taut import bounds, objectives
from taut.models import AbstractModel, LinearGaussian
from tests.laws.checks import mean_is
from tests.mutants.oracles.suite import of_suite
from tests.objectives import instances, test_gradients, test_values

importance_gradient_is_that_of_a_grid = of_suite(
    test_gradients.test_gradient_of_the_two_draw_bound_against_a_grid,
    lambda: objectives.doubly_reparameterised,
    1.0,
    key=True,
    double=True,
)
path_gradient_is_the_closed_form = of_suite(
    test_gradients.test_gradient_of_the_elbo_against_its_closed_form,
    lambda: objectives.sticking_the_landing(3),
    key=True,
    double=True,
)
landing_has_no_variance = of_suite(
    test_gradients.test_sticking_the_landing_has_no_variance_at_the_posterior, key=True, double=True
)
weights_move_gradients_and_no_value = of_suite(
    test_values.test_weight_of_the_divergence_moves_gradients_and_not_one_bit_of_the_value,
    lambda: objectives.elbo,
    key=True,
)
value_is_the_mean_log_weight = of_suite(
    test_values.test_value_is_the_mean_of_the_log_weights, lambda: objectives.beta(4.0, 5), key=True
)
value_is_the_log_mean_weight = of_suite(
    test_values.test_value_is_the_log_of_the_mean_weight_and_not_the_surrogate, lambda: objectives.dreg(5), key=True
)


def split_form_counts_its_rate_once() -> None:
    """Three draws share one divergence: the value is the ELBO in closed form, as with one draw."""
    with jax.enable_x64(True):
        model, guide = instances.linear()
        x = jnp.array(instances.DATUM)
        split = objectives.elbo(3, form="split")
        values = jax.jit(jax.vmap(lambda key: split(model, guide, x, key=key)))(jr.split(jr.key(0), 4000))
        mean_is(values, bounds.exact_terms(model, guide, x).elbo)


class Learned(AbstractModel):
    """A linear-Gaussian model whose prior N(centre, I) is trained with it."""

    inner: LinearGaussian
    centre: jax.Array

    def prior(self) -> dist.Distribution:
        return dist.Normal(self.centre, jnp.ones_like(self.centre)).to_event(1)

    def likelihood(self, z: jax.Array) -> dist.Distribution:
        return self.inner.likelihood(z)


def learned_prior_has_its_gradient() -> None:
    """Path derivatives hold log q still and nothing else: ∂ELBO/∂centre = E_q z − centre, and all the rest."""
    with jax.enable_x64(True):
        inner, guide = instances.linear()
        model, x = Learned(inner, jnp.array([0.4, -0.3])), jnp.array(instances.DATUM)

        def elbo(model, guide):
            mean = guide(x).mean
            shift = jnp.sum((mean - model.centre) ** 2) - jnp.sum(mean**2)
            return instances.linear_elbo(model.inner, guide, x) - 0.5 * shift

        exact, _ = instances.exact_gradient(elbo, model, guide)
        for objective in (objectives.sticking_the_landing(3), objectives.dreg(1)):
            drawn = instances.drawn_gradients(objective, model, guide, x, key=jr.key(1), draws=4000)
            instances.assert_mean_is(drawn, exact)
