"""What an objective reports is its bound, from the draws it made, whatever carries the gradient."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist
import pytest

from taut import bounds, guides, log_weights, models, objectives
from taut.bounds import exact_terms
from taut.errors import OptionError
from taut.objectives import RECIPES, Objective, beta, dreg, elbo, iwae, sticking_the_landing
from taut.weights import draw, draw_keys
from tests.objectives.instances import BITS, DATUM, bernoulli, flat_function, linear, reported
from tests.quick import quick

AVERAGES = {
    "elbo": elbo(5),
    "sticking the landing": sticking_the_landing(5),
    "beta 4": beta(4.0, 5),
    "beta 0": beta(0.0, 5),
    "warming up": elbo(5, kl_warm_up=10.0),
}
FORMS = {"joint": elbo(), "split": elbo(form="split"), "path": sticking_the_landing()}
IMPORTANCE = {"iwae": iwae(5), "dreg": dreg(5), "dreg, warming up": dreg(5, kl_warm_up=10.0)}


@pytest.mark.parametrize(
    "objective", quick(AVERAGES["sticking the landing"], AVERAGES["warming up"], of=AVERAGES.values()), ids=AVERAGES
)
def test_value_is_the_mean_of_the_log_weights(objective, key):
    model, guide = bernoulli()
    x = jnp.array(BITS)
    log_w = log_weights(model, guide, x, draws=5, key=key)
    assert float(reported(objective, model, guide, x, key=key)) == pytest.approx(
        float(np.mean(np.float64(log_w))), rel=1e-6
    )


@pytest.mark.parametrize("objective", [elbo(), sticking_the_landing(), dreg(2)], ids=["elbo", "path", "dreg"])
def test_no_bound_passes_log_p_where_the_root_of_q_is_far_from_regular(objective, key):
    root = jnp.tril(0.3 * jr.normal(jr.key(0), (50, 50)), -1) + 0.1 * jnp.eye(50)
    guide = guides.Constant(dist.MultivariateNormal(jnp.zeros(50), scale_tril=root))
    model = models.LinearGaussian(weight=jnp.ones((1, 50)), offset=jnp.zeros(1), noise=jnp.ones(1))
    x = jnp.ones(1)
    assert -1e4 < reported(objective, model, guide, x, key=key) < model.log_evidence(x)


@pytest.mark.parametrize("objective", IMPORTANCE.values(), ids=IMPORTANCE)
def test_value_is_the_log_of_the_mean_weight_and_not_the_surrogate(objective, key):
    model, guide = bernoulli()
    x = jnp.array(BITS)
    log_w = np.float64(log_weights(model, guide, x, draws=5, key=key))
    value = float(reported(objective, model, guide, x, key=key))
    assert value == pytest.approx(np.log(np.mean(np.exp(log_w))), rel=1e-6)
    share = np.exp(log_w) / np.exp(log_w).sum()
    assert abs(value - share @ log_w) > 1e-4  # Σ w̃ log w, which others report


# Of recipes that share an estimator one is enough for every day. What is summed is categorical, see its own test.
DAILY = ("elbo", "sticking-the-landing", "dreg", "piwae", "chi", "vimco", "rws", "wake-sleep")
OF_GAUSSIANS = [
    pytest.param(recipe, id=name, marks=[] if name in DAILY else pytest.mark.slow)
    for name, recipe in RECIPES.items()
    if name != "summed"
]


@pytest.mark.parametrize("recipe", OF_GAUSSIANS)
def test_weight_of_the_divergence_moves_gradients_and_not_one_bit_of_the_value(recipe, key):
    model, guide = bernoulli()

    @jax.jit
    def climb(kl_weight):
        def value(model, guide):
            return recipe()(model, guide, jnp.array(BITS), key=key, kl_weight=kl_weight)

        function, vector, _ = flat_function(value, model, guide)
        return jax.value_and_grad(function)(vector)

    plain, gradient = climb(jnp.asarray(1.0))
    for kl_weight in (0.0, 0.5, 4.0, 1e4):
        value, weighted = climb(jnp.asarray(kl_weight))
        assert float(value) == float(plain)
        assert float(jnp.abs(weighted - gradient).max()) > 0.01


@pytest.mark.usefixtures("float64")
def test_joint_form_is_reconstruction_less_the_sampled_divergence_of_the_same_draws(key):
    model, guide = linear()
    x = jnp.array(DATUM)
    drawn = jax.jit(jax.vmap(lambda k: draw(model, guide(x), x, key=k)))(draw_keys(key, 6))
    expected = float(drawn.reconstruction.mean() - drawn.divergence.mean())
    assert float(reported(elbo(6), model, guide, x, key=key)) == pytest.approx(expected, abs=1e-12)
    # Written out: log p(x|z) + log p(z) − log q(z|x), each constant included.
    q, z = guide(x), drawn.latent
    noise = (x[None, :] - z @ model.weight.T - model.offset[None, :]) / model.noise[None, :]
    log_p = -0.5 * (noise**2).sum(1) - jnp.log(model.noise).sum() - 1.5 * jnp.log(2 * jnp.pi)
    log_prior = -0.5 * (z**2).sum(1) - jnp.log(2 * jnp.pi)
    place = (z - q.mean[None, :]) / jnp.sqrt(q.variance)[None, :]
    log_q = -0.5 * (place**2).sum(1) - 0.5 * jnp.log(q.variance).sum() - jnp.log(2 * jnp.pi)
    assert float((log_p + log_prior - log_q).mean()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("objective", FORMS.values(), ids=FORMS)
def test_all_forms_of_the_elbo_have_its_value(objective, key):
    model, guide = linear()
    x = jnp.array(DATUM)
    values = jax.jit(jax.vmap(lambda k: objective(model, guide, x, key=k)))(jr.split(key, 20_000))
    error = float(values.std(ddof=1)) / np.sqrt(20_000)
    assert abs(float(values.mean()) - exact_terms(model, guide, x).elbo) < 5 * error


# The others want categories, or independent Gaussians, and say so.
TAKING_ANY_GAUSSIAN = [
    pytest.param(recipe, id=name, marks=[] if name in DAILY else pytest.mark.slow)
    for name, recipe in RECIPES.items()
    if name not in ("summed", "free-bits")
]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("recipe", TAKING_ANY_GAUSSIAN)
def test_every_recipe_reports_the_evidence_at_the_posterior(recipe, key):
    model, _ = linear()
    x = jnp.array(DATUM)
    value = reported(recipe(), model, guides.KnownPosterior(model.posterior), x, key=key)
    assert float(value) == pytest.approx(float(model.log_evidence(x)), abs=1e-10)


# ── warm-up ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("epoch", "weight"), [(0.0, 0.0), (2.5, 1.0), (5.0, 2.0), (10.0, 4.0), (11.0, 4.0)])
def test_weight_ramps_to_its_value_and_stays(epoch, weight):
    assert float(beta(4.0, kl_warm_up=10.0).weight_at(jnp.asarray(epoch))) == pytest.approx(weight)


def test_without_warm_up_the_weight_is_there_from_the_start():
    assert [float(beta(4.0).weight_at(jnp.asarray(epoch))) for epoch in (0.0, 3.0)] == [4.0, 4.0]


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_guide_that_cannot_be_reparameterised_is_refused_in_one_sentence(key):
    model = models.Finite(jnp.zeros(2), jnp.zeros((2, 3)), bernoulli()[0].observation)
    with pytest.raises(OptionError) as refused:
        elbo()(model, guides.Constant(model.prior()), jnp.array(BITS), key=key)
    assert str(refused.value) == (
        "This gradient wants a q(z|x) that can be reparameterised; got CategoricalLogits; use a Gaussian guide, or an "
        "objective such as vimco, which wants none."
    )


@pytest.mark.parametrize("draws", [0, -3])
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_fewer_than_one_draw_are_refused(recipe, draws):
    with pytest.raises(OptionError, match="at least one draw for each datum"):
        recipe(draws=draws)


def test_an_unknown_form_is_refused():
    with pytest.raises(Exception, match="form"):  # beartype speaks first in tests, OptionError in production
        elbo(form="spilt")


@pytest.mark.parametrize("which", ["prior", "guide"])
def test_split_form_refuses_a_pair_that_has_no_closed_form(which, key):
    import numpyro.distributions as dist

    laplace = dist.Laplace(jnp.zeros(1), jnp.ones(1)).to_event(1)
    model, guide = bernoulli()
    if which == "prior":
        model = models.LatentVariableModel(prior=laplace, decoder=model.decoder, likelihood=model.observation)
    else:
        guide = guides.Constant(laplace)
    with pytest.raises(NotImplementedError, match="use the joint form"):
        elbo(form="split")(model, guide, jnp.array(BITS), key=key)
    assert np.isfinite(float(elbo()(model, guide, jnp.array(BITS), key=key)))


def test_recipes_have_the_parts_their_papers_name():
    log_mean, mean = bounds.log_mean_weight, bounds.mean_log_weight
    of_four = objectives.OfGroups(log_mean, 4)
    parts = {
        elbo(): (mean, objectives.total, 1),
        sticking_the_landing(): (mean, objectives.path, 1),
        iwae(5): (log_mean, objectives.total, 5),
        dreg(5): (log_mean, objectives.doubly_reparameterised, 5),
        objectives.miwae(4, 5): (of_four, objectives.total, 20),
        objectives.piwae(4, 5): (log_mean, objectives.Apart(of_four), 20),
        objectives.renyi(0.5, 5): (objectives.PowerMean(0.5), objectives.total, 5),
        objectives.vimco(5): (log_mean, objectives.leave_one_out, 5),
        objectives.rloo(5): (mean, objectives.leave_one_out, 5),
        objectives.reweighted_wake_sleep(5): (log_mean, objectives.wake, 5),
    }
    for made, (bound, estimator, draws) in parts.items():
        assert (made.bound, made.estimator, made.draws) == (bound, estimator, draws)
    assert isinstance(objectives.beta(2.0), Objective)
