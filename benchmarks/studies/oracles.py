"""Figures whose truth is known: each line is a number and what it should be.

    python benchmarks/studies/oracles.py

Linear autoencoder against probabilistic PCA; log-weights under the exact posterior; the rate at which the
importance-weighted bias falls; the gap of a diagonal guide on a correlated Gaussian; the time of `import taut`.
"""

import math
import statistics
import subprocess
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import numpyro.distributions as dist

from taut import Plan, fit, guides, likelihoods, log_weights, models, networks, refine
from taut.bounds import exact_terms
from taut.datasets import linear_gaussian
from taut.models import LinearGaussian
from taut.numerics import log_mean_exp
from taut.objectives import sticking_the_landing
from taut.weights import pareto_khat


def linear_autoencoder() -> None:
    """Log p per row of a trained linear autoencoder with a shared scale, and of the closed-form optimum."""
    rows, _, _ = linear_gaussian(1000, 10, 3, noise=0.7, seed=0)
    features, latents = rows.shape[1], 4
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=networks.Perceptron(latents, features, hidden=(), key=jr.key(1)),
        likelihood=likelihoods.Gaussian(features, scale="shared"),
    )
    guide = guides.GaussianEncoder(features, latents, hidden=(), key=jr.key(2))
    plan = Plan(epochs=60, repeats=50, batch_size=len(rows), learning_rate=0.03)
    run = fit(model, guide, rows, key=jr.key(3), plan=plan, objective=sticking_the_landing(4))
    assert isinstance(run.model, models.LatentVariableModel)
    layer = run.model.decoder.layers[0]
    fitted = LinearGaussian(weight=layer.weight, offset=layer.bias, noise=run.model.observation.scale())
    best = LinearGaussian.principal_components(jnp.asarray(rows), latents)
    reached, optimum = (float(jnp.mean(jax.vmap(m.log_evidence)(jnp.asarray(rows)))) for m in (fitted, best))
    print(f"linear autoencoder: log p per row {reached:.5f}, closed-form optimum {optimum:.5f}")


def yardstick(dtype: jnp.dtype) -> tuple[LinearGaussian, jax.Array]:
    """A linear-Gaussian model with 8 latents and 20 rows drawn from it."""
    weight = jr.normal(jr.key(4), (12, 8), dtype)
    model = LinearGaussian(weight, jnp.ones(12, dtype), jnp.full(12, 0.5, dtype))
    return model, jax.vmap(lambda key: model.sample(key=key)[0])(jr.split(jr.key(5), 20))


def exact_posterior() -> None:
    """The largest |log w − log p(x)| over rows and draws."""
    for name, x64 in (("float32", False), ("float64", True)):
        with jax.enable_x64(x64):
            model, rows = yardstick(jnp.dtype(name))
            guide = guides.KnownPosterior(model.posterior)
            weights = jax.vmap(
                lambda x, model=model, guide=guide: log_weights(model, guide, x, draws=100, key=jr.key(6))
            )
            truth = jax.vmap(model.log_evidence)(rows)[:, None]
            apart = jnp.abs(weights(rows) - truth)
            largest, relative = float(jnp.max(apart)), float(jnp.max(apart / jnp.abs(truth)))
        print(f"exact posterior, {name}: largest |log w − log p(x)| {largest:.1e}, relative {relative:.1e}")


def importance_bias() -> None:
    """Slope of log(log p − L_K) in log K; the theory says −1."""
    model = LinearGaussian(weight=jnp.ones((1, 1)), offset=jnp.zeros(1), noise=jnp.ones(1))
    x = jnp.array([1.0])
    posterior = model.posterior(x)
    guide = guides.Constant(dist.Normal(posterior.mean + 0.3, 1.2 * jnp.sqrt(posterior.variance)).to_event(1))
    counts = np.array([8, 16, 32, 64, 128])
    weights = log_weights(model, guide, x, draws=128 * 100_000, key=jr.key(7))
    truth = float(model.log_evidence(x))
    gaps = [truth - float(jnp.mean(jax.vmap(log_mean_exp)(weights.reshape(-1, k)), dtype=jnp.float32)) for k in counts]
    slope = np.polyfit(np.log(counts), np.log(gaps), 1)[0]
    print(f"importance-weighted bias: slope {slope:.3f} in K, from {gaps[0]:.2e} at K = 8 to {gaps[-1]:.2e} at K = 128")


def correlated_gaussian() -> None:
    """A diagonal guide refined on a posterior with correlation ρ: gap, and mean k̂ of eight sets of 100,000 weights."""
    rows = jnp.array([[1.0, -0.5]])
    for rho in (0.3, 0.6, 0.9):
        precision = 2.0 / (1.0 - rho) * np.array([[1.0, -rho], [-rho, 1.0]])
        root = np.linalg.cholesky(precision - np.eye(2)).T
        model = LinearGaussian(jnp.asarray(root, jnp.float32), jnp.zeros(2), jnp.ones(2))
        start = guides.free_gaussians(guides.Constant(model.prior()), rows)
        plan = Plan(epochs=40, repeats=20, learning_rate=0.05)
        run = refine(model, start, rows, key=jr.key(8), plan=plan, objective=sticking_the_landing(64))
        own = jax.tree.map(lambda leaf: leaf[0], run.guide)
        draw = eqx.filter_jit(
            lambda key, model=model, own=own: log_weights(model, own, rows[0], draws=100_000, key=key)
        )
        khats = [float(pareto_khat(draw(key))) for key in jr.split(jr.key(9), 8)]
        gap, theory = exact_terms(model, own, rows[0]).kl, -0.5 * math.log(1 - rho**2)
        error = statistics.stdev(khats) / math.sqrt(len(khats))
        print(f"correlation {rho}: gap {gap:.4f}, theory {theory:.4f}; k̂ {statistics.mean(khats):.3f} ± {error:.3f}")


def import_time() -> None:
    """Median seconds of `import taut`, and of taking its names, in fresh interpreters."""
    for statement in ("import taut", "import taut; taut.VAE; taut.audit"):
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            seconds.append(time.perf_counter() - began)
        print(f"`{statement}`: {statistics.median(seconds):.2f} s, starting Python included")


if __name__ == "__main__":
    linear_autoencoder()
    exact_posterior()
    importance_bias()
    correlated_gaussian()
    import_time()
