"""Objectives of several draws: the mean of each gradient is that of a bound on all pairs of latents, without a draw."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import guides
from taut.bounds import log_mean_weight
from taut.errors import OptionError
from taut.objectives import (
    OBJECTIVES,
    Objective,
    OfGroups,
    PowerMean,
    chi,
    ciwae,
    doubly_reparameterised,
    leave_one_out,
    miwae,
    piwae,
    renyi,
    reweighted_wake_sleep,
    rloo,
    vimco,
    wake_sleep,
)
from tests.objectives.instances import (
    BITS,
    assert_mean_is,
    bernoulli,
    drawn_gradients,
    exact_gradient,
    flat_function,
    log_mean_of_two,
    log_weights_at,
    mean_of_two,
    power_mean_of_two,
    states,
    two_draw_bound,
    two_draw_bound_of_states,
)

pytestmark = pytest.mark.usefixtures("float64")
X = jnp.array(BITS)


def _some_of_both(pair):
    return 0.3 * mean_of_two(pair) + 0.7 * log_mean_of_two(pair)


def _minus_chi(pair):
    return -power_mean_of_two(2.0)(pair)


# The objective, what the model climbs, what the guide climbs, as functions of two log-weights, and β.
REAL = {
    "miwae of 2 × 2": (miwae(2, 2), log_mean_of_two, log_mean_of_two),
    "miwae of 2 × 2, doubly": (
        Objective(OfGroups(log_mean_weight, 2), doubly_reparameterised, 4),
        log_mean_of_two,
        log_mean_of_two,
    ),
    "piwae of 2 × 1": (piwae(2, 1), log_mean_of_two, mean_of_two),
    "ciwae": (ciwae(0.3, 2), _some_of_both, _some_of_both),
    "Rényi, one half": (renyi(0.5, 2), power_mean_of_two(0.5), power_mean_of_two(0.5)),
    "Rényi, order two": (renyi(2.0, 2), power_mean_of_two(-1.0), power_mean_of_two(-1.0)),
    "Rényi, doubly, β = ½": (
        Objective(PowerMean(0.5), doubly_reparameterised, 2, 0.5),
        power_mean_of_two(0.5),
        power_mean_of_two(0.5),
    ),
    "chi": (chi(2.0, 2), log_mean_of_two, _minus_chi),
    "vimco of a Gaussian": (vimco(2), log_mean_of_two, log_mean_of_two),
}
FINITE = {
    "vimco": (vimco(2), log_mean_of_two),
    "vimco, β = ½": (Objective(log_mean_weight, leave_one_out, 2, 0.5), log_mean_of_two),
    "rloo": (rloo(2), mean_of_two),
    "rloo, β = 4": (Objective(PowerMean(0.0), leave_one_out, 2, 4.0), mean_of_two),
    "Rényi, one half": (Objective(PowerMean(0.5), leave_one_out, 2), power_mean_of_two(0.5)),
}


DAILY = ("miwae of 2 × 2, doubly", "piwae of 2 × 1", "Rényi, doubly, β = ½", "chi", "vimco, β = ½", "rloo, β = 4")


def _rows(table):
    return [pytest.param(*row, id=name, marks=[] if name in DAILY else pytest.mark.slow) for name, row in table.items()]


@pytest.mark.parametrize(("objective", "of_model", "of_guide"), _rows(REAL))
def test_gradient_against_a_grid(objective, of_model, of_guide, key):
    model, guide = bernoulli()
    climbed = [
        exact_gradient(lambda m, g, b=b: two_draw_bound(m, g, X, objective.kl_weight, bound=b), model, guide)
        for b in (of_model, of_guide)
    ]
    exact = np.where(climbed[0][1], climbed[1][0], climbed[0][0])
    assert_mean_is(drawn_gradients(objective, model, guide, X, key=key, draws=6000), exact)


@pytest.mark.parametrize(("objective", "bound"), _rows(FINITE))
def test_gradient_against_the_sum_over_states(objective, bound, key):
    model, guide = states()
    exact, _ = exact_gradient(
        lambda m, g: two_draw_bound_of_states(m, g, X, objective.kl_weight, bound=bound), model, guide
    )
    assert_mean_is(drawn_gradients(objective, model, guide, X, key=key, draws=6000), exact)


def test_wake_phase_against_the_sum_over_states(key):
    """The guide's part is Σ w̃ ∂log q over all pairs of states."""
    model, guide = states()
    exact, of_guide = exact_gradient(lambda m, g: two_draw_bound_of_states(m, g, X), model, guide)

    def wake(model, guide):
        log_w, log_q = jax.lax.stop_gradient(log_weights_at(model, guide, X, jnp.arange(3)))
        pairs = jnp.exp(log_q[:, None] + log_q[None, :])
        first = 1.0 / (1.0 + jnp.exp(log_w[None, :] - log_w[:, None]))
        # By symmetry the second draw adds as much as the first.
        return 2 * jnp.sum(pairs * first * log_weights_at(model, guide, X, jnp.arange(3))[1][:, None])

    exact = np.where(of_guide, exact_gradient(wake, model, guide)[0], exact)
    assert_mean_is(drawn_gradients(reweighted_wake_sleep(2), model, guide, X, key=key, draws=6000), exact)


def test_sleep_phase_against_the_prior(key):
    """Where q looks at nothing, dreams teach it the prior: Σ_z p(z) ∂log q(z)."""
    model, guide = states()
    exact, of_guide = exact_gradient(lambda m, g: two_draw_bound_of_states(m, g, X), model, guide)
    prior = jax.nn.softmax(model.logits)
    dream, _ = exact_gradient(lambda m, g: prior @ jax.nn.log_softmax(g.distribution.logits), model, guide)
    exact = np.where(of_guide, dream, exact)
    assert_mean_is(drawn_gradients(wake_sleep(2), model, guide, X, key=key, draws=6000), exact)


@pytest.mark.parametrize("recipe", [vimco, rloo])
def test_leaving_one_out_has_no_variance_at_the_posterior(recipe, key):
    model, _ = states()
    guide = guides.Constant(model.posterior(X))
    _, _, of_guide = flat_function(lambda m, g: jnp.zeros(()), model, guide)
    drawn = drawn_gradients(recipe(3), model, guide, X, key=key, draws=50)[:, of_guide]
    assert np.abs(drawn).max() < 1e-12


def test_a_baseline_that_is_the_draws_own_is_noticed(key):
    """Why the tests above can fail: with the mean of all draws for that of the others RLOO is half of itself."""
    model, guide = states()
    exact, of_guide = exact_gradient(lambda m, g: two_draw_bound_of_states(m, g, X, bound=mean_of_two), model, guide)
    drawn = drawn_gradients(rloo(2), model, guide, X, key=key, draws=6000)
    with pytest.raises(AssertionError):
        assert_mean_is(np.where(of_guide, 0.5, 1.0) * drawn, exact)


@pytest.mark.parametrize("power", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_power_means_are_those_of_the_weights_and_rise(power):
    log_w = 3.0 * jr.normal(jr.key(0), (7,))
    weights = np.exp(np.float64(log_w))
    expected = np.log(weights).mean() if power == 0 else np.log((weights**power).mean()) / power
    assert float(PowerMean(power)(log_w)) == pytest.approx(expected, rel=1e-6)
    assert float(PowerMean(power)(log_w)) < float(PowerMean(power + 0.1)(log_w))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("renyi:-1,4", "`renyi` wants an order of at least 0, since below it is no lower bound; got -1"),
        ("renyi:x", "order, then number of draws behind `renyi:`, a number and then whole numbers of at least 1"),
        ("miwae:0.5,3", "number of groups, then number of draws behind `miwae:`, whole numbers of at least 1"),
        ("ciwae:2,5", "`ciwae` wants a share of the ELBO from 0 to 1; got 2"),
        ("chi:1,5", "`chi` wants an order above 1; got 1"),
        ("chi:inf,5", "got `chi:inf,5`"),
        ("vimco", "`vimco` wants at least 2 draws"),
    ],
)
def test_numbers_that_no_objective_has_get_a_sentence(text, sentence):
    with pytest.raises(OptionError) as refused:
        OBJECTIVES.build(text, draws=1, kl_warm_up=0.0)
    assert sentence in str(refused.value)


def test_numbers_behind_a_name_are_settings_and_draws():
    def build(text):
        return OBJECTIVES.build(text, draws=3, kl_warm_up=0.0)

    assert build("renyi:0.5,4") == renyi(0.5, 4)
    assert build("renyi:0.5") == renyi(0.5, 3)
    assert build("piwae:2,4") == piwae(2, 4)
    assert build("ciwae:1e-1,4") == ciwae(0.1, 4)
