"""The end-to-end figure: a linear autoencoder reaches the closed form of probabilistic PCA (Lucas et al. 2019)."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from taut import Plan, fit, guides, likelihoods, models, networks
from taut.models import LinearGaussian
from taut.objectives import sticking_the_landing

PLAN = Plan(epochs=60, repeats=50, batch_size=400, learning_rate=0.03)


def data_with_spectrum(eigenvalues, n=400, seed=0):
    """Rows whose sample covariance has exactly these eigenvalues."""
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(n, len(eigenvalues)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows / n)).T
    turned, _ = np.linalg.qr(draw.normal(size=(len(eigenvalues),) * 2))
    return (rows * np.sqrt(eigenvalues)) @ turned.T + draw.normal(size=len(eigenvalues))


def trained(data, latents, scale, key):
    features = data.shape[1]
    centre = jnp.asarray(data.mean(axis=0))
    model = models.LatentVariableModel(
        prior=models.standard_normal(latents),
        decoder=networks.Perceptron(latents, features, hidden=(), key=jr.fold_in(key, 1)),
        likelihood=likelihoods.Gaussian(features, scale=scale),
    )
    guide = guides.GaussianEncoder(
        features, latents, hidden=(), inputs=networks.Standardise(centre, jnp.ones(features)), key=jr.fold_in(key, 2)
    )
    run = fit(model, guide, data, key=key, plan=PLAN, objective=sticking_the_landing(4))
    assert run.outcome.code == "budget spent"
    layer = run.model.decoder.layers[0]
    return run, LinearGaussian(weight=layer.weight, offset=layer.bias, noise=run.model.observation.scale())


def per_row(model, data):
    return float(jnp.mean(jax.jit(jax.vmap(model.log_evidence))(jnp.asarray(data))))


def test_linear_autoencoder_reaches_probabilistic_pca(key):
    data = data_with_spectrum([9.0, 5.0, 2.5, 0.6, 0.5, 0.5, 0.4])
    run, fitted = trained(data, 3, "shared", key)
    best = LinearGaussian.principal_components(jnp.asarray(data), 3)
    # The closed form of the closed form: −½ [D log 2π + log|C| + D], with C holding the spectrum.
    kept = np.array([9.0, 5.0, 2.5, *[0.5] * 4])
    assert per_row(best, data) == pytest.approx(-0.5 * (7 * np.log(2 * np.pi) + np.log(kept).sum() + 7), abs=1e-3)
    assert per_row(best, data) - 0.01 < per_row(fitted, data) < per_row(best, data) + 1e-3
    assert float(fitted.noise[0]) == pytest.approx(np.sqrt(0.5), rel=0.01)
    # At the optimum the ELBO is tight: orthogonal columns, and no gap.
    gram = np.asarray(fitted.weight.T @ fitted.weight)
    assert np.abs(gram - np.diag(np.diag(gram))).max() < 0.1
    np.testing.assert_allclose(np.sort(np.diag(gram))[::-1], np.array([9.0, 5.0, 2.5]) - 0.5, rtol=0.03)
    assert abs(run.history[-1].train - per_row(best, data)) < 0.02


@pytest.mark.slow
def test_exactly_the_directions_below_the_noise_collapse(key):
    """σ = 1: eigenvalues 8 and 4 are worth a latent, those at 0.6 and below are not; KL = ½ log λ where used."""
    data = data_with_spectrum([8.0, 4.0, 0.6, 0.5, 0.3, 0.2])
    run, fitted = trained(data, 4, "unit", key)
    sizes = np.sqrt(np.asarray(jnp.sum(fitted.weight**2, axis=0)))
    means, scales = place(run.model, run.guide, data, key=key)
    kls = (0.5 * (means**2 + scales**2 - 1) - np.log(scales)).mean(axis=0)
    order = np.argsort(-sizes)
    np.testing.assert_allclose(sizes[order[:2]], np.sqrt([7.0, 3.0]), rtol=0.02)
    assert sizes[order[2:]].max() < 0.05
    np.testing.assert_allclose(kls[order[:2]], 0.5 * np.log([8.0, 4.0]), atol=0.02)
    assert kls[order[2:]].max() < 1e-2
    best = LinearGaussian.principal_components(jnp.asarray(data), 4, noise=1.0)
    assert per_row(best, data) - 0.01 < per_row(fitted, data) < per_row(best, data) + 1e-3
