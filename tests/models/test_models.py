"""Models: probabilistic PCA against scikit-learn, joint densities and samples against their parts."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from taut import models
from tests.laws import checks
from tests.laws.instances import finite, linear_gaussian, sine


def total(model, data):
    return float(jnp.sum(jax.jit(jax.vmap(model.log_evidence))(jnp.asarray(data))))


def test_principal_components_are_the_maximum(float64):
    """The eigenvalue formula for the log-likelihood, and nothing nearby beats it."""
    data = checks.correlated_data()
    model = models.LinearGaussian.principal_components(jnp.asarray(data), 3)
    n, features = data.shape
    sample = np.cov(data, rowvar=False, bias=True)
    fitted = np.asarray(model.weight @ model.weight.T + jnp.diag(model.noise**2))
    expected = (
        -n
        / 2
        * (features * np.log(2 * np.pi) + np.linalg.slogdet(fitted)[1] + np.trace(np.linalg.solve(fitted, sample)))
    )
    best = total(model, data)
    assert best == pytest.approx(expected, rel=1e-10)
    rng = np.random.default_rng(0)
    for _ in range(5):
        moved = models.LinearGaussian(
            model.weight + 0.02 * rng.normal(size=model.weight.shape),
            model.offset + 0.02 * rng.normal(size=features),
            model.noise * np.exp(0.02 * rng.normal()),
        )
        assert total(moved, data) < best


def test_latents_collapse_exactly_where_the_noise_swallows_their_eigenvalue(float64):
    data = checks.correlated_data()
    values = np.linalg.eigvalsh(np.cov(data, rowvar=False, bias=True))[::-1]
    for swallowed in range(4):
        noise = np.sqrt((values[3 - swallowed] if swallowed else values[3]) * (1.0 + 1e-9))
        model = models.LinearGaussian.principal_components(jnp.asarray(data), 4, noise=float(noise))
        columns = np.linalg.norm(np.asarray(model.weight), axis=0)
        np.testing.assert_array_equal(columns == 0, values[:4] <= noise**2)
        # Columns that live have squared length λ − σ², and are orthogonal.
        np.testing.assert_allclose(columns[columns > 0] ** 2, values[:4][columns > 0] - noise**2, rtol=1e-8)
        gram = np.asarray(model.weight.T @ model.weight)
        np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-9)


def test_factor_analysis_scores_are_those_of_sklearn(float64):
    from sklearn.decomposition import FactorAnalysis

    data = checks.correlated_data()
    theirs = FactorAnalysis(3).fit(data)
    ours = models.LinearGaussian(
        jnp.asarray(theirs.components_.T), jnp.asarray(theirs.mean_), jnp.asarray(np.sqrt(theirs.noise_variance_))
    )
    scores = jax.jit(jax.vmap(ours.log_evidence))(jnp.asarray(data))
    np.testing.assert_allclose(scores, theirs.score_samples(data), rtol=1e-9)
    # Factor analysis holds equal noise as a special case, so it can only be better.
    assert float(jnp.sum(scores)) > total(models.LinearGaussian.principal_components(jnp.asarray(data), 3), data)


@pytest.mark.parametrize("make", [linear_gaussian, finite, lambda: sine(2)], ids=["linear", "finite", "sine"])
def test_log_joint_is_the_sum_of_its_parts(make, key):
    model = make()
    x, z = model.sample(key=key)
    expected = model.prior().log_prob(z) + model.likelihood(z).log_prob(x)
    assert float(model.log_joint(x, z)) == pytest.approx(float(expected), rel=1e-6)


def test_samples_of_the_linear_model_have_its_evidence(key):
    """Whitened by the evidence, the squared length of a datum is chi-square with D degrees of freedom."""
    model = linear_gaussian(5, 2)
    x, _ = jax.jit(jax.vmap(lambda key: model.sample(key=key)))(jr.split(key, 5000))
    weight, noise = np.asarray(model.weight, np.float64), np.asarray(model.noise, np.float64)
    centred = np.asarray(x, np.float64) - np.asarray(model.offset)
    length = np.sum(centred * np.linalg.solve(weight @ weight.T + np.diag(noise**2), centred.T).T, axis=1)
    assert stats.kstest(length, stats.chi2(5).cdf).pvalue > 1e-6


def test_the_latent_of_a_sample_is_a_draw_from_its_posterior(key):
    model = linear_gaussian(5, 2)

    @jax.jit
    @jax.vmap
    def whitened(key):
        x, z = model.sample(key=key)
        posterior = model.posterior(x)
        return jnp.linalg.solve(posterior.scale_tril, z - posterior.mean)

    white = whitened(jr.split(key, 5000))
    checks.mean_is(white, np.zeros(2))
    checks.mean_is(white[:, :, None] * white[:, None, :], np.eye(2))


def test_exact_models_do_not_break_on_rounding_in_float32():
    """numpyro refuses a precision that is not symmetric to its last digit."""
    model = linear_gaussian(50, 20)
    x, _ = model.sample(key=jr.key(0))
    with jax.enable_x64(True):
        double = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), model)
        compiled = jax.jit(lambda x: (double.log_evidence(x), double.posterior(x).mean))
        truth, mean = (np.asarray(part) for part in compiled(jnp.asarray(x, jnp.float64)))
    assert float(model.log_evidence(x)) == pytest.approx(truth, rel=1e-5)
    np.testing.assert_allclose(model.posterior(x).mean, mean, atol=1e-4)


def test_the_prior_is_not_trained():
    model = sine(2)
    gradient = jax.grad(lambda model: model.log_joint(jnp.ones(3), jnp.ones(2)))(model)
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(gradient._prior))
    assert np.any(gradient.decoder.frequency)
