"""Bugs met in other libraries, planted here one at a time: each must be noticed by an oracle that is quiet without it.

The list follows the literature and the issue trackers of the field; `tests/laws/checks.py` holds the oracles.
"""

import importlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpyro.distributions as dist
import pytest
from jax.scipy.special import logsumexp

from taut import bounds, models, weights
from taut.bounds import exact, lower
from taut.errors import AuditError
from taut.likelihoods import binary, counts, grey, real
from taut.models import linear_gaussian
from taut.numerics import gaussian_kl, log_mean_exp
from taut.weights import drawing, reliability, rows
from tests.laws import checks

# The function of that name hides its module.
quadrature = importlib.import_module("taut.bounds.quadrature")


class Mutant(NamedTuple):
    """Where the bug goes, the buggy thing, and the oracles of which at least one must notice."""

    place: Any
    name: str
    bug: Any
    killers: tuple[Callable[[], None], ...]


# ── the bugs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class WithoutHalf(dist.Normal):
    """−‖x − D(z)‖² − (D/2) log 2π: the half is gone, the constant is not."""

    def log_prob(self, value):
        return -(((value - self.loc) / self.scale) ** 2) - jnp.log(self.scale) - 0.5 * math.log(2 * math.pi)


class WithoutConstant(dist.Normal):
    """A density without (1/2) log 2π."""

    def log_prob(self, value):
        return super().log_prob(value) + 0.5 * math.log(2 * math.pi)


def gaussian_without_half(likelihood, outputs):
    return WithoutHalf(real.located(outputs, likelihood.centre, likelihood.spread), likelihood.scale()).to_event(1)


def linear_without_half(model, z):
    return WithoutHalf(model.weight @ z + model.offset, model.noise).to_event(1)


def divergence_inside_the_likelihood(model, q, x, z):
    divergence = q.log_prob(z) - model.prior().log_prob(z)
    return drawing.Draw(z, model.likelihood(z).log_prob(x) - divergence, divergence)


def weights_from_the_closed_form_divergence(model, q, x, z):
    return drawing.Draw(z, model.likelihood(z).log_prob(x), gaussian_kl(q, model.prior()))


def drawn_from_the_prior(model, q, x, *, key):
    return drawing.weigh(model, q, x, model.prior().sample(key))


def at_least_a_batch_of_keys(key, draws):
    return jr.split(key, max(draws, 100))


def whole_chunks(model, guide, x, *, draws, key, chunk=None):
    rounded = draws if chunk is None else math.ceil(draws / chunk) * chunk
    return LOG_WEIGHTS(model, guide, x, draws=rounded, key=key)


def one_key_for_all_chunks(model, guide, x, *, draws, key, chunk=None):
    if chunk is None or chunk >= draws:
        return LOG_WEIGHTS(model, guide, x, draws=draws, key=key)
    first = LOG_WEIGHTS(model, guide, x, draws=chunk, key=key)
    return jnp.tile(first, math.ceil(draws / chunk))[:draws]


def last_block_only(n, block):
    yield list(BLOCKS(n, block))[-1]


def remainder_dropped(n, block):
    yield from list(BLOCKS(n, block))[: n // block]


def keys_by_place_in_the_block(function, model, guide, data, key, numbers):
    return BLOCK(function, model, guide, data, key, jnp.arange(len(numbers)))


def one_key_for_all_rows(function, model, guide, data, key, numbers):
    return BLOCK(function, model, guide, data, key, jnp.zeros_like(numbers))


def mean_over_the_living(a):
    alive = jnp.isfinite(a)
    return logsumexp(jnp.where(alive, a, -jnp.inf)) - jnp.log(jnp.sum(alive))


def interval_without_its_tails(self, value):
    upper, lower_ = (value + 0.5 - self.loc) / self.scale, (value - 0.5 - self.loc) / self.scale
    return grey.log_diff_sigmoid(upper, lower_)


def interval_with_a_floor(self, value):
    return jnp.log(jnp.exp(LEVELS_LOG_PROB(self, value)) + 1e-7)


def cross_entropy(self, value):
    return value * self.logits - jax.nn.softplus(self.logits)


def binomial_without_coefficient(likelihood, outputs):
    class Plain(dist.BinomialLogits):
        def log_prob(self, value):
            return value * self.logits - likelihood.total * jax.nn.softplus(self.logits)

    return Plain(outputs, likelihood.total).to_event(1)


def concentration_upside_down(likelihood, outputs):
    concentration = 1.0 / (1e-4 + jax.nn.softplus(likelihood.raw_concentration + 1.0))
    return dist.NegativeBinomial2(jnp.exp(outputs), concentration).to_event(1)


def posterior_without_prior(model, x):
    scaled = model.weight.T / model.noise[None, :] ** 2
    precision = 1e-6 * jnp.eye(model.weight.shape[1]) + scaled @ model.weight
    return dist.MultivariateNormal(
        jnp.linalg.solve(precision, scaled @ (x - model.offset)), precision_matrix=0.5 * (precision + precision.T)
    )


def evidence_without_noise_squared(model):
    return dist.MultivariateNormal(model.offset, model.weight @ model.weight.T + jnp.diag(model.noise))


def finite_without_prior(model, x):
    return jax.vmap(lambda z: model.likelihood(z).log_prob(x))(jnp.arange(model.logits.shape[0]))


def margin_forgotten(log_means, *, delta=0.01, draws=None):
    return CERTIFIED(log_means, delta=1.0, draws=draws)


def margin_over_too_many(log_means, *, delta=0.01, draws=None):
    return CERTIFIED(log_means, delta=delta**0.5, draws=draws)


def unbiased_covariance(*args, **kwargs):
    return COVARIANCE(*args, **(kwargs | {"bias": False}))


def signs_of_the_gaussian_divergence(q, p):
    return -GAUSSIAN_KL(q, p)


def reversed_divergence(q, p):
    return GAUSSIAN_KL(p, q)


def effective_number_of_unnormalised_weights(log_w):
    return jnp.sum(jnp.exp(log_w)) ** 2


def khat_without_prior(log_w):
    tail = math.ceil(min(0.2 * log_w.shape[0], 3.0 * math.sqrt(log_w.shape[0])))
    return (KHAT(log_w) * (tail + 10.0) - 5.0) / tail


def khat_of_the_other_tail(log_w):
    return KHAT(-log_w)


# What the bugs above build on, as it stands before anything is planted. Those that the library compiles are
# taken out of their compilation.
LOG_WEIGHTS, BLOCKS, BLOCK = drawing.log_weights, rows._blocks, rows._block
LEVELS_LOG_PROB, CERTIFIED, COVARIANCE = grey.LogisticLevels.log_prob, lower.certified_lower, jnp.cov
GAUSSIAN_KL, KHAT = gaussian_kl, reliability.pareto_khat


# ── which oracle notices which ───────────────────────────────────────────────────────────────────────────────────────


def mass_of(name: str) -> Callable[[], None]:
    """The law that the likelihood has mass one, in double precision."""

    def mass_is_one() -> None:
        with jax.enable_x64(True):
            checks.likelihood_has_mass_one(name)

    return mass_is_one


def scipy_of(name: str) -> Callable[[], None]:
    """The law that the likelihood equals scipy's, in double precision."""

    def equals_scipy() -> None:
        with jax.enable_x64(True):
            checks.likelihood_equals_scipy(name)

    return equals_scipy


BY_HAND = checks.bounds_of_known_weights
COMPANY = checks.rows_alone_and_in_company_are_the_same
EXACT_WEIGHTS = checks.log_weights_are_log_evidence_under_the_exact_posterior
AVERAGES = checks.weights_average_to_the_evidence
IDENTITY = checks.identity_holds_in_closed_form

MUTANTS: dict[str, Mutant] = {
    "log K forgotten": Mutant(
        lower, "log_mean_exp", logsumexp, (BY_HAND, checks.importance_bias_falls_as_one_over_draws)
    ),
    "mean of logs for log of mean": Mutant(
        lower, "log_mean_exp", jnp.mean, (BY_HAND, checks.importance_bias_falls_as_one_over_draws)
    ),
    "log of mean for mean of logs": Mutant(lower, "mean_log_weight", log_mean_exp, (BY_HAND,)),
    "ELBO with its sign flipped": Mutant(lower, "mean_log_weight", lambda log_w: -jnp.mean(log_w), (BY_HAND,)),
    "dead draws dropped": Mutant(lower, "log_mean_exp", mean_over_the_living, (BY_HAND,)),
    "half of the Gaussian dropped": Mutant(
        real.Gaussian, "__call__", gaussian_without_half, (mass_of("gaussian"), scipy_of("gaussian-unit"))
    ),
    "half dropped in the linear model": Mutant(
        models.LinearGaussian, "likelihood", linear_without_half, (EXACT_WEIGHTS, IDENTITY)
    ),
    "log 2π in q only": Mutant(
        linear_gaussian,
        "standard_normal",
        lambda latents: WithoutConstant(jnp.zeros(latents), jnp.ones(latents)).to_event(1),
        (EXACT_WEIGHTS, AVERAGES),
    ),
    "divergence inside p(x|z)": Mutant(drawing, "weigh", divergence_inside_the_likelihood, (EXACT_WEIGHTS, AVERAGES)),
    "weights from the closed-form divergence": Mutant(
        drawing, "weigh", weights_from_the_closed_form_divergence, (AVERAGES,)
    ),
    "z drawn from the prior": Mutant(drawing, "draw", drawn_from_the_prior, (AVERAGES,)),
    "fewer draws than a batch are a batch": Mutant(
        drawing, "draw_keys", at_least_a_batch_of_keys, (checks.draws_used_are_draws_asked,)
    ),
    "draws rounded up to whole chunks": Mutant(
        weights, "log_weights", whole_chunks, (checks.draws_used_are_draws_asked,)
    ),
    "every chunk with the same key": Mutant(
        weights, "log_weights", one_key_for_all_chunks, (checks.draws_used_are_draws_asked,)
    ),
    "last block only": Mutant(rows, "_blocks", last_block_only, (COMPANY,)),
    "remainder of the rows dropped": Mutant(rows, "_blocks", remainder_dropped, (COMPANY,)),
    "keys by place in the block": Mutant(rows, "_block", keys_by_place_in_the_block, (COMPANY,)),
    "one key for all rows": Mutant(
        rows, "_block", one_key_for_all_rows, (checks.rows_have_noise_of_their_own, COMPANY)
    ),
    "end bins without their tails": Mutant(
        grey.LogisticLevels,
        "log_prob",
        interval_without_its_tails,
        (mass_of("discretised-logistic"), checks.discretised_logistic_equals_its_distribution_function),
    ),
    "floor of 1e-7 under the bins": Mutant(
        grey.LogisticLevels, "log_prob", interval_with_a_floor, (mass_of("discretised-logistic"),)
    ),
    "cross-entropy for a density of shares": Mutant(
        binary.ContinuousBernoulliLogits,
        "log_prob",
        cross_entropy,
        (mass_of("continuous-bernoulli"), checks.continuous_bernoulli_equals_quadrature),
    ),
    "binomial coefficient forgotten": Mutant(
        counts.Binomial, "__call__", binomial_without_coefficient, (mass_of("binomial"), scipy_of("binomial"))
    ),
    "concentration upside down": Mutant(
        counts.NegativeBinomial, "__call__", concentration_upside_down, (scipy_of("negative-binomial"),)
    ),
    "posterior without the prior": Mutant(
        models.LinearGaussian, "posterior", posterior_without_prior, (checks.posterior_equals_conditioning, IDENTITY)
    ),
    "noise for its square": Mutant(
        models.LinearGaussian, "evidence", evidence_without_noise_squared, (checks.evidence_equals_scipy, IDENTITY)
    ),
    "mixture without its weights": Mutant(
        models.Finite, "log_joints", finite_without_prior, (checks.finite_model_equals_enumeration,)
    ),
    "covariance over n − 1": Mutant(jnp, "cov", unbiased_covariance, (checks.principal_components_equal_sklearn,)),
    "cell of the grid forgotten": Mutant(
        quadrature, "log_cell", lambda box, nodes: 0.0, (checks.quadrature_equals_closed_form,)
    ),
    "divergence reversed": Mutant(exact, "gaussian_kl", reversed_divergence, (IDENTITY,)),
    "divergence with its sign flipped": Mutant(exact, "gaussian_kl", signs_of_the_gaussian_divergence, (IDENTITY,)),
    "certificate without its margin": Mutant(
        bounds, "certified_lower", margin_forgotten, (checks.certificate_fails_no_more_often_than_it_says,)
    ),
    "certificate with half its margin": Mutant(
        bounds, "certified_lower", margin_over_too_many, (checks.certificate_fails_no_more_often_than_it_says,)
    ),
    "effective number of unnormalised weights": Mutant(
        weights, "effective_sample_size", effective_number_of_unnormalised_weights, (BY_HAND,)
    ),
    "k̂ without its prior": Mutant(weights, "pareto_khat", khat_without_prior, (checks.khat_equals_arviz,)),
    "k̂ of the other tail": Mutant(weights, "pareto_khat", khat_of_the_other_tail, (checks.khat_equals_arviz,)),
}

COMPILED = [
    (rows, "_block"),
    (exact, "_grid_elbo"),
    (exact, "_grid_kl"),
    (quadrature, "_log_joint_on_box"),
    (quadrature, "_log_evidence_on_box"),
]


@pytest.fixture
def uncached(monkeypatch):
    """The library's compiled functions compiled anew, so that no bug hides behind what ran before it was planted."""
    for module, name in COMPILED:
        kept = getattr(module, name)
        monkeypatch.setattr(module, name, eqx.filter_jit(lambda *args, kept=kept: kept.__wrapped__(*args)))


# The first oracle of each mutant in every run, the others with the slow tests.
CASES = [
    pytest.param(name, killer, id=f"{name} - {killer.__name__}", marks=[pytest.mark.slow] if number else [])
    for name, mutant in MUTANTS.items()
    for number, killer in enumerate(mutant.killers)
]


@pytest.mark.parametrize(("mutant", "killer"), CASES)
def test_is_noticed(mutant, killer, uncached, monkeypatch):
    place, name, bug, _ = MUTANTS[mutant]
    monkeypatch.setattr(place, name, bug)
    with pytest.raises((AssertionError, AuditError)):  # or taut itself refuses to go on
        killer()


def test_every_oracle_is_also_run_without_a_bug():
    from tests.laws import test_checks

    bare = {killer.__name__ for mutant in MUTANTS.values() for killer in mutant.killers}
    assert bare - {"mass_is_one", "equals_scipy"} <= set(test_checks.PLAIN)
