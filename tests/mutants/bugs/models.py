"""Bugs of models whose evidence is known, and of the exact terms that everything else is held against."""

import math

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from taut import models
from taut.datum import values_of
from taut.numerics import distributions, gaussian_kl
from tests.laws import checks
from tests.mutants.bugs.likelihoods import WithoutHalf
from tests.mutants.planting import Mutant


class WithoutConstant(dist.Normal):
    """A density without (1/2) log 2π."""

    def log_prob(self, value):
        return super().log_prob(value) + 0.5 * math.log(2 * math.pi)


def linear_without_half(model, z):
    return WithoutHalf(model.weight @ z + model.offset, model.noise).to_event(1)


def prior_without_constant(model):
    latents = model.weight.shape[1]
    return WithoutConstant(jnp.zeros(latents), jnp.ones(latents)).to_event(1)


def posterior_without_prior(model, x):
    scaled = model.weight.T / model.noise[None, :] ** 2
    precision = 1e-6 * jnp.eye(model.weight.shape[1]) + scaled @ model.weight
    return dist.MultivariateNormal(
        jnp.linalg.solve(precision, scaled @ (values_of(x) - model.offset)),
        precision_matrix=0.5 * (precision + precision.T),
    )


def evidence_without_noise_squared(model):
    return dist.MultivariateNormal(model.offset, model.weight @ model.weight.T + jnp.diag(model.noise))


def finite_without_prior(model, x):
    return jax.vmap(lambda z: model.log_likelihood(x, z))(jnp.arange(model.logits.shape[0]))


def unbiased_covariance(*args, **kwargs):
    return COVARIANCE(*args, **(kwargs | {"bias": False}))


COVARIANCE = jnp.cov
KL = (distributions, "gaussian_kl")
IDENTITY = checks.identity_holds_in_closed_form
EXACT_WEIGHTS, AVERAGES = (
    checks.log_weights_are_log_evidence_under_the_exact_posterior,
    checks.weights_average_to_the_evidence,
)

MUTANTS = {
    "half dropped in the linear model": Mutant(
        "benchmark_VAE, old versions",
        {(models.LinearGaussian, "likelihood"): linear_without_half},
        (EXACT_WEIGHTS, IDENTITY),
    ),
    "log 2π in q only": Mutant(
        "listed", {(models.LinearGaussian, "prior"): prior_without_constant}, (EXACT_WEIGHTS, AVERAGES)
    ),
    "posterior without the prior": Mutant(
        "own",
        {(models.LinearGaussian, "posterior"): posterior_without_prior},
        (checks.posterior_equals_conditioning, IDENTITY),
    ),
    "noise for its square": Mutant(
        "common",
        {(models.LinearGaussian, "evidence"): evidence_without_noise_squared},
        (checks.evidence_equals_scipy, IDENTITY),
    ),
    "mixture without its weights": Mutant(
        "own", {(models.Finite, "log_joints"): finite_without_prior}, (checks.finite_model_equals_enumeration,)
    ),
    "covariance over n − 1": Mutant(
        "common", {(jnp, "cov"): unbiased_covariance}, (checks.principal_components_equal_sklearn,)
    ),
    "divergence reversed": Mutant(
        "common", {KL: lambda q, p: gaussian_kl(p, q)}, (IDENTITY, checks.gaussian_kl_equals_numpyro)
    ),
    "divergence with its sign flipped": Mutant(
        "common", {KL: lambda q, p: -gaussian_kl(q, p)}, (IDENTITY, checks.gaussian_kl_equals_numpyro)
    ),
}
